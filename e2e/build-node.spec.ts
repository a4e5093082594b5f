/** `morgana build -t node`: what it writes runs with nothing else beside it. */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { expect } from "@playwright/test";
import { example, test } from "./command.ts";

test("build -t node writes one file that serves, and stops when it is told", async ({
  folder,
  morgana,
  start,
}) => {
  const built = await morgana(["build", example("echo-server"), "-t", "node", "--out", "server"]);
  expect(built).toMatchObject({ code: 0, stderr: "" });
  expect(built.stdout).toBe(
    "Wrote server/echo-server.mjs, server/Containerfile, server/echo-server.service\n",
  );
  const program = join(folder, "server/echo-server.mjs");
  expect(statSync(program).mode & 0o111).toBe(0o111);

  const server = start(["--port=17007"], { program });
  await server.shows("Port 17007 of TCP and UDP");
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(17_007, "127.0.0.1", () => socket.end("anybody there?"));
    socket.setEncoding("utf8").on("error", reject).on("data", resolve);
  });
  expect(answer).toBe("anybody there?");
  server.kill("SIGTERM");
  expect(await server.ended).toMatchObject({ code: 0, stderr: "" });
});

test("build -t node writes a unit that systemd understands", async ({ folder, morgana }) => {
  await morgana(["build", example("disk-lottery"), "-t", "node", "--out", "."]);
  const unit = readFileSync(join(folder, "disk-lottery.service"), "utf8");
  expect(unit).toContain("\nExecStart=/usr/bin/env node /opt/disk-lottery/disk-lottery.mjs\n");
  expect(unit).toContain("\nStateDirectory=disk-lottery\n");
  const container = readFileSync(join(folder, "Containerfile"), "utf8");
  expect(container).toContain("\nVOLUME /var/lib/disk-lottery\n");
  if (!existsSync("/usr/bin/systemd-analyze")) return;
  execFileSync("systemd-analyze", ["verify", join(folder, "disk-lottery.service")]);
});

test("build -t node leaves what was there if the unikernel is broken", async ({
  folder,
  morgana,
  write,
}) => {
  write({ "config.ts": "throw new Error('not today');\n", "dist-node/kept.txt": "kept" });
  const { code, stderr } = await morgana(["build", ".", "-t", "node"]);
  expect(code).toBe(1);
  expect(stderr).toContain("not today");
  expect(readFileSync(join(folder, "dist-node/kept.txt"), "utf8")).toBe("kept");
  expect(existsSync(join(folder, "dist-node/Containerfile"))).toBe(false);
});

test("build says which targets there are", async ({ morgana }) => {
  const { code, stderr } = await morgana(["build", example("hello"), "-t", "simulated"]);
  expect(code).toBe(64);
  expect(stderr).toContain('-t must be browser or node, not "simulated"');
});
