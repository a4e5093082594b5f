import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, test } from "vitest";
import { lockFile } from "./file-lock.ts";

let folder = "";
let path = "";

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "morgana-locks-"));
  path = join(folder, "disk.lock");
});

afterEach(async () => {
  const left = await readdir(folder);
  await rm(folder, { recursive: true });
  expect(left).toEqual([]);
});

test.each([
  "",
  "null",
  "[]",
  "7",
  '"text"',
  "{}",
  '{"pid":0,"start":""}',
  '{"pid":-1}',
  '{"pid":1.5}',
  '{"pid":"1"}',
])("lockFile() takes over a lock that names no process: %s", async (text) => {
  await writeFile(path, text);
  const release = await lockFile(path, "Cannot open");
  await expect(lockFile(path, "Cannot open")).rejects.toMatchObject({ code: "busy" });
  await release();
});

test("lockFile() takes over a stale lock, though whoever began to do so was killed", async () => {
  const dead = JSON.stringify({ pid: process.pid, start: "1" });
  await writeFile(path, dead);
  await writeFile(`${path}.stale`, dead);
  await (
    await lockFile(path, "Cannot open")
  )();
});

test("lockFile() rejects with io and says why, where there is no folder", async () => {
  await expect(lockFile(join(folder, "missing", "a.lock"), "Cannot open")).rejects.toMatchObject({
    code: "io",
    message: expect.stringContaining("no such file or directory") as string,
  });
});

test.runIf(existsSync("/proc/self/stat"))(
  "lockFile() takes over the lock of a process that ended and was not asked about",
  async () => {
    // A shell that becomes a program which never asks what became of its child.
    const shell = "exec 3<&0; cat <&3 & echo $!; exec sleep 60";
    const parent = spawn("bash", ["-c", shell]);
    const [line] = (await once(createInterface({ input: parent.stdout }), "line")) as [string];
    while (!readFileSync(`/proc/${parent.pid}/comm`, "utf8").startsWith("sleep")) {
      await setTimeout(1);
    }
    parent.stdin.end();
    const fieldsOf = (): string[] => {
      const status = readFileSync(`/proc/${line}/stat`, "utf8");
      return status.slice(status.lastIndexOf(")") + 2).split(" ");
    };
    while (fieldsOf()[0] !== "Z") await setTimeout(1);
    await writeFile(path, JSON.stringify({ pid: Number(line), start: fieldsOf()[19] }));
    await (
      await lockFile(path, "Cannot open")
    )();
    parent.kill("SIGKILL");
    await once(parent, "exit");
  },
);

test("lockFile() gives a stale lock to one of many processes at a time", async () => {
  const compiled = new URL("../../dist/platform-node/file-lock.js", import.meta.url);
  // Each round, all leave a stale lock behind and want it; whoever has it sees that it is alone.
  const program = `
    import { existsSync, rmSync, writeFileSync } from "node:fs";
    import { lockFile } from ${JSON.stringify(fileURLToPath(compiled))};
    const path = ${JSON.stringify(path)};
    let held = 0;
    for (let round = 0; round < 60; round += 1) {
      if (!existsSync(path)) {
        try { writeFileSync(path, '{"pid":' + process.pid + ',"start":"1"}', { flag: "wx" }); } catch {}
      }
      const release = await lockFile(path, "Cannot open").catch(() => undefined);
      if (release === undefined) continue;
      writeFileSync(path + ".used", "", { flag: "wx" });
      await new Promise(setImmediate);
      rmSync(path + ".used");
      held += 1;
      await release();
    }
    console.log(held);
  `;
  const run = async (): Promise<number> => {
    const child = spawn(process.execPath, ["--input-type=module", "-e", program]);
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await once(child, "close");
    return Number(output) || Promise.reject(new Error(output));
  };
  const counts = await Promise.all([run(), run(), run()]);
  expect(Math.min(...counts)).toBeGreaterThan(0);
  // Whoever came last may have left one behind.
  await rm(path, { force: true });
});
