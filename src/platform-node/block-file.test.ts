import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdir,
  mkdtemp,
  open as openFile,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from "vitest";
import { blockLaws } from "../conformance/index.ts";
import type { Block } from "../devices/index.ts";
import type { FileOptions } from "./block-file.ts";
import { connect } from "./block-file.ts";

let folder = "";
let disks = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "morgana-disks-"));
});

afterAll(async () => {
  // Whatever was opened was given back: no lock, and nothing unfinished, stays behind.
  const left = (await readdir(folder)).filter((name) => !name.endsWith(".img"));
  await rm(folder, { recursive: true });
  expect(left).toEqual([]);
});

function freshPath(): string {
  disks += 1;
  return join(folder, `disk-${disks}.img`);
}

function open(options: Partial<FileOptions> = {}): Promise<Block> {
  return connect({ path: freshPath(), sectorBytes: 512, sectorCount: 128, ...options });
}

describe("the laws of Block", () => {
  const paths = new WeakMap<Block, string>();
  const openAt = async (path: string, growable: boolean): Promise<Block> => {
    const disk = await open({ path, growable });
    paths.set(disk, path);
    return disk;
  };
  for (const growable of [false, true]) {
    const laws = blockLaws({
      connect: () => openAt(freshPath(), growable),
      async reopen(previous) {
        await previous[Symbol.asyncDispose]();
        return openAt(paths.get(previous) ?? "", growable);
      },
      connectReadOnly: () => open({ readOnly: true, growable }),
    });
    for (const law of laws) test(`${law.name}${growable ? ", growable" : ""}`, () => law.run());
  }
});

test("connect() rejects with busy and the path, when the disk is open", async () => {
  const path = freshPath();
  const first = await open({ path });
  await expect(open({ path })).rejects.toMatchObject({
    code: "busy",
    message: expect.stringContaining(path) as string,
  });
  await first[Symbol.asyncDispose]();
  await (await open({ path }))[Symbol.asyncDispose]();
});

test("connect() rejects with busy, when the disk is open by another name", async () => {
  const path = freshPath();
  const first = await open({ path });
  const alias = freshPath();
  await symlink(path, alias);
  await expect(open({ path: alias })).rejects.toMatchObject({ code: "busy" });
  await first[Symbol.asyncDispose]();
  await (await open({ path: alias }))[Symbol.asyncDispose]();
});

test("connect() takes over the lock of a process that is gone", async () => {
  const path = freshPath();
  const gone = spawn(process.execPath, ["-e", ""]);
  await once(gone, "exit");
  await writeFile(`${path}.lock`, JSON.stringify({ pid: gone.pid, start: "1" }));
  await (await open({ path }))[Symbol.asyncDispose]();
});

test("connect() takes over the lock of an earlier process of the same number", async () => {
  const path = freshPath();
  await writeFile(`${path}.lock`, JSON.stringify({ pid: process.pid, start: "1" }));
  await (await open({ path }))[Symbol.asyncDispose]();
});

test("connect() lets one of many openers have the disk", async () => {
  const path = freshPath();
  await writeFile(`${path}.lock`, "rubbish");
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => open({ path })));
  const opened = results.filter((result) => result.status === "fulfilled");
  expect(opened.length).toBe(1);
  for (const result of results) {
    if (result.status === "rejected") expect(result.reason).toMatchObject({ code: "busy" });
  }
  await opened[0]?.value[Symbol.asyncDispose]();
});

test("connect() rejects with geometry and changes nothing, given another size", async () => {
  const path = freshPath();
  const first = await open({ path });
  await first.write(5, [new Uint8Array(512).fill(7)]);
  await first[Symbol.asyncDispose]();
  const before = await readFile(path);
  for (const other of [{ sectorCount: 64 }, { sectorCount: 256 }, { sectorBytes: 4096 }]) {
    await expect(open({ path, ...other })).rejects.toMatchObject({ code: "geometry" });
  }
  await expect(open({ path, sectorCount: 256, growable: true })).rejects.toMatchObject({
    code: "geometry",
    message: expect.stringContaining("65536 bytes, not 256 sectors of 512") as string,
  });
  expect(await readFile(path)).toEqual(before);
});

test("connect() rejects with geometry, given a file that is no whole number of sectors", async () => {
  const path = freshPath();
  await writeFile(path, "not a disk");
  await expect(open({ path, growable: true })).rejects.toMatchObject({ code: "geometry" });
});

test("connect() rejects with io and says why, given what is no file or has no folder", async () => {
  const path = freshPath();
  await mkdir(path);
  await expect(open({ path })).rejects.toMatchObject({ code: "io" });
  await expect(open({ path: join(folder, "missing", "disk.img") })).rejects.toMatchObject({
    code: "io",
    message: expect.stringContaining("no such file or directory") as string,
  });
});

test("grow() rejects with no-space, when the system lets no file be so large", async () => {
  expect(await runLimited()).toBe("no-space\n");
});

test("a growable disk is found as large as it grew", async () => {
  const path = freshPath();
  const first = await open({ path, growable: true });
  await first.grow(1000);
  await first[Symbol.asyncDispose]();
  expect((await stat(path)).size).toBe(512_000);
  const again = await open({ path, growable: true });
  expect(again.info.sectorCount).toBe(1000);
  await again[Symbol.asyncDispose]();
});

describe("when the medium fails", () => {
  afterEach(() => void vi.restoreAllMocks());

  /** Lets the next `fdatasync`s do what the functions say, and the others succeed. */
  async function fakeSyncs(...syncs: readonly (() => Promise<void>)[]): Promise<() => number> {
    const path = freshPath();
    const file = await openFile(path, "w");
    const spy = vi.spyOn(Object.getPrototypeOf(file) as typeof file, "datasync");
    await file.close();
    for (const sync of syncs) spy.mockImplementationOnce(sync);
    return () => spy.mock.calls.length;
  }

  const fail = (): Promise<void> => Promise.reject(new Error("EIO: i/o error, fdatasync"));
  const filled = (byte: number): Uint8Array[] => [new Uint8Array(512).fill(byte)];

  test("every write that shares a failed sync rejects, and later ones do not", async () => {
    const disk = await open();
    const syncCount = await fakeSyncs(fail);
    const results = await Promise.allSettled([0, 1, 2].map((at) => disk.write(at, filled(at))));
    expect(results.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
    expect(results[1]).toMatchObject({ reason: { name: "BlockError", code: "io" } });
    expect(syncCount()).toBe(1);
    await disk.write(0, filled(9));
    await disk[Symbol.asyncDispose]();
  });

  test("a write that was made during a failed sync rejects, though its own succeeds", async () => {
    const disk = await open();
    let fails = (_error: Error): void => {};
    let begins = (): void => {};
    const begun = new Promise<void>((resolve) => (begins = resolve));
    await fakeSyncs(() => {
      begins();
      return new Promise((_resolve, reject) => (fails = reject));
    });
    const first = disk.write(0, filled(1)).catch((error: unknown) => error);
    await begun;
    const second = disk.write(1, filled(2)).catch((error: unknown) => error);
    // A read is done after the writes called before it are made.
    await disk.read(1, filled(0));
    fails(new Error("EIO"));
    expect(await first).toMatchObject({ code: "io" });
    expect(await second).toMatchObject({ code: "io" });
    await disk[Symbol.asyncDispose]();
  });
});

const compiled = fileURLToPath(new URL("../../dist/platform-node/block-file.js", import.meta.url));

/** Grows a disk past the size that the system lets its process's files have. */
async function runLimited(): Promise<string> {
  const program = `
    import { connect } from ${JSON.stringify(compiled)};
    process.on("SIGXFSZ", () => {});
    const disk = await connect({ path: ${JSON.stringify(freshPath())}, sectorBytes: 512, sectorCount: 8, growable: true });
    await disk.grow(1_000_000).catch((error) => console.log(error.code));
    await disk[Symbol.asyncDispose]();
  `;
  const shell = `ulimit -f 64; exec "$0" --input-type=module -e "$1"`;
  const child = spawn("bash", ["-c", shell, process.execPath, program]);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(child, "close");
  return output;
}

describe("when the process is killed", () => {
  /** Writes numbered sectors, each number over and over, and tells each that is durable. */
  const program = (path: string): string => `
    import { connect } from ${JSON.stringify(compiled)};
    const disk = await connect({ path: ${JSON.stringify(path)}, sectorBytes: 512, sectorCount: 256 });
    for (let round = 1; ; round += 1) {
      for (let sector = 0; sector < 256; sector += 1) {
        const write = disk.write(sector, [Buffer.alloc(512, Uint32Array.of(round, sector).buffer)
          .fill(Buffer.from(Uint32Array.of(round, sector).buffer))]);
        void write.then(() => process.stdout.write(round + " " + sector + "\\n"));
        if (sector % 8 === 7) await write;
      }
    }
  `;

  test.each([1, 2, 3, 4, 5])("a resolved write is there and whole (kill %i)", async (kill) => {
    const path = freshPath();
    const child = spawn(process.execPath, ["--input-type=module", "-e", program(path)]);
    const exited = once(child, "exit");
    const durable = new Map<number, number>();
    let told = 0;
    for await (const line of createInterface({ input: child.stdout })) {
      const [round = 0, sector = 0] = line.split(" ").map(Number);
      durable.set(sector, round);
      told += 1;
      if (told === kill * 211) child.kill("SIGKILL");
    }
    // Its output ends a moment before it does, and until then the disk is its own.
    await exited;
    expect(told).toBeGreaterThanOrEqual(kill * 211);
    const disk = await open({ path, sectorCount: 256 });
    const bytes = new Uint8Array(512 * 256);
    await disk.read(0, [bytes]);
    await disk[Symbol.asyncDispose]();
    for (const [sector, round] of durable) {
      const words = new Uint32Array(bytes.buffer, sector * 512, 128);
      const found = words[0] ?? 0;
      expect(found).toBeGreaterThanOrEqual(round);
      expect(words.every((word, index) => word === (index % 2 === 0 ? found : sector))).toBe(true);
    }
  });
});
