import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "@playwright/test";
import { entry, example, test, testUnikernel } from "./command.ts";

const counts = testUnikernel("counts");

test("a disk in a file survives from run to run", async ({ morgana, folder }) => {
  const first = await morgana(["run", example("disk-lottery")]);
  const last = /Draw 1: (\d)/.exec(first.stdout)?.[1];
  const second = await morgana(["run", example("disk-lottery")]);
  expect(second.stdout).toMatch(new RegExp(`^Slot 0: draw 1 gave ${last}\nDraw 2: \\d`));
  expect(readdirSync(folder)).toEqual(["lottery.img"]);
  expect(statSync(join(folder, "lottery.img")).size).toBe(16 * 512);
});

test("a disk is where its argument says", async ({ morgana, folder }) => {
  await morgana(["run", counts, "--last=1", "--counts-disk=./other.disk"]);
  expect(readdirSync(folder)).toEqual(["other.disk"]);
});

test("a disk that another process has open is refused by name", async ({ start, morgana }) => {
  const owner = start(["run", testUnikernel("keeps-disk")]);
  await owner.shows("has the disk");
  const { code, stdout, stderr } = await morgana(["run", testUnikernel("keeps-disk")]);
  expect(code).toBe(255);
  expect(stdout).toBe("");
  expect(stderr).toMatch(
    /^Uncaught BlockError: Cannot open disk shared\.img: process \d+ has it open/,
  );
  expect(stderr).toContain("code: 'busy'");
  owner.kill("SIGINT");
  await owner.ended;
  const next = start(["run", testUnikernel("keeps-disk")]);
  await next.shows("has the disk");
});

test("a disk of another size is refused, says both, and stays as it is", async ({
  morgana,
  folder,
}) => {
  const image = join(folder, "shared.img");
  writeFileSync(image, "something else");
  const { code, stderr } = await morgana(["run", testUnikernel("keeps-disk")]);
  expect(code).toBe(255);
  expect(stderr).toMatch(
    /^Uncaught BlockError: Cannot open disk shared\.img: it has 14 bytes, not 64 sectors of 512 bytes\n/,
  );
  expect(readFileSync(image, "utf8")).toBe("something else");
  expect(readdirSync(folder)).toEqual(["shared.img"]);
});

test("a disk where nobody may write is refused with the system's reason", async ({
  morgana,
  folder,
}) => {
  chmodSync(folder, 0o555);
  // Root may write everywhere but there.
  const isRoot = process.getuid?.() === 0;
  const disk = isRoot ? "/proc/self/morgana.img" : "./morgana.img";
  const { code, stderr } = await morgana(["run", counts, `--counts-disk=${disk}`]);
  chmodSync(folder, 0o755);
  expect(code).toBe(255);
  expect(stderr).toMatch(/^Uncaught BlockError: Cannot open disk \S+morgana\.img: E[A-Z]+: /);
});

/**
 * The largest file that a process may write, in units of 512 bytes: the bundle, but no such disk.
 */
const limited = 'ulimit -f 800; exec node "$0" run "$1" --counts-sectors=1024';

test("a disk that finds no room is not made", async ({ start, folder }) => {
  const { code, stderr } = await start(["-c", limited, entry, counts], { program: "sh" }).ended;
  expect(code).toBe(255);
  expect(stderr).toMatch(/^Uncaught BlockError: Cannot open disk counts\.img: /);
  expect(stderr).toContain("code: 'no-space'");
  expect(readdirSync(folder)).toEqual([]);
});

test("a disk that runs full keeps what was written, and says that there is no room", async ({
  start,
  morgana,
  folder,
}) => {
  const image = new Uint32Array(1024 * 128);
  for (let index = 0; index < 790; index += 1) image[index * 128] = index + 1;
  writeFileSync(join(folder, "counts.img"), image);
  const { code, stdout } = await start(["-c", limited, entry, counts], { program: "sh" }).ended;
  expect(code).toBe(2);
  expect(stdout).toMatch(/^found 790\nwrote 790\n[^]*\nwrote 799\nlost 800: no-space\n$/);
  const after = await morgana(["run", counts, "--counts-sectors=1024", "--last=0"]);
  expect(after.stdout).toBe("found 800\n");
});

test("a process killed while it writes loses nothing that was done, and its lock is taken over", async ({
  start,
  morgana,
  folder,
}) => {
  const writing = start(["run", counts]);
  await writing.shows("wrote 3\n");
  const { pid } = JSON.parse(readFileSync(join(folder, "counts.img.lock"), "utf8"));
  process.kill(pid, "SIGKILL");
  const { code, stdout } = await writing.ended;
  expect(code).toBe(137);
  expect(readdirSync(folder)).toContain("counts.img.lock");

  const written = Number(/wrote (\d+)\n(?:wrote \d*)?$/.exec(stdout)?.[1]);
  const next = await morgana(["run", counts, "--last=0"]);
  expect(next).toMatchObject({ code: 0, stderr: "" });
  const found = Number(/^found (\d+)\n$/.exec(next.stdout)?.[1]);
  expect(found).toBeGreaterThan(written);
  expect(readdirSync(folder)).toEqual(["counts.img"]);
});
