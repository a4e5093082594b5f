import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openNever, openRaw, stubBrowserStorage, type FakeLocks } from "../../test/fake-browser.ts";
import {
  byteAt,
  changeDescription,
  failure,
  filled,
  firstByte,
  small,
  using,
  writeOnce,
} from "../../test/small-disk.ts";
import { connect } from "./block-indexeddb.ts";
import { deleteDisk, listDisks } from "./block-indexeddb-catalogue.ts";

let locks: FakeLocks;

beforeEach(() => {
  locks = stubBrowserStorage();
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe("connect()", () => {
  test.each([
    { sectorBytes: 1024, sectorCount: 64 },
    { sectorBytes: 512, sectorCount: 65 },
    { sectorBytes: 512, sectorCount: 63 },
  ])("rejects with geometry and both sizes, for a disk of %j", async (other) => {
    await writeOnce(small, 7);
    const error = await failure(connect({ ...small, ...other }));
    expect(error).toMatchObject({ name: "BlockError", code: "geometry" });
    expect(error.message).toContain("64 sectors of 512 bytes");
    expect(error.message).toContain(`${other.sectorCount} sectors of ${other.sectorBytes} bytes`);
    expect(await firstByte(small)).toBe(7);
  });

  test("takes a grown disk as it is, if it may grow, and never one too small", async () => {
    const growable = { ...small, growable: true };
    await using(growable, (block) => block.grow(80));
    await using(growable, async ({ info }) => expect(info.sectorCount).toBe(80));
    await expect(connect(small)).rejects.toMatchObject({ code: "geometry" });
    await expect(connect({ ...growable, sectorCount: 81 })).rejects.toMatchObject({
      code: "geometry",
    });
  });

  test.each([
    ["none", undefined],
    ["a string", "morgana-disk"],
    ["another magic", { magic: "other-disk" }],
    ["a later version", { version: 2 }],
    ["a sector of 500 bytes", { sectorBytes: 500 }],
    ["no sectors", { sectorCount: 0 }],
    ["a part of a sector", { sectorCount: 64.5 }],
    ["a size that is text", { sectorCount: "64" }],
    ["no time of creation", { createdMs: undefined }],
  ])("rejects with damaged and leaves the sectors, for a description: %s", async (_, damage) => {
    await writeOnce(small, 9);
    const right = await changeDescription((old) =>
      typeof damage === "object" ? { ...old, ...damage } : damage,
    );
    await expect(connect(small)).rejects.toMatchObject({ name: "BlockError", code: "damaged" });
    expect(await listDisks()).toMatchObject([{ name: "small", damaged: true, sectorsInUse: 1 }]);
    await changeDescription(() => right);
    expect(await firstByte(small)).toBe(9);
  });

  test("rejects with damaged, for a database of another version or without stores", async () => {
    (await openRaw("morgana-disk:small", 1)).close();
    await expect(connect(small)).rejects.toMatchObject({ code: "damaged" });
    (await openRaw("morgana-disk:small", 2)).close();
    await expect(connect(small)).rejects.toMatchObject({ code: "damaged" });
    expect(await listDisks()).toMatchObject([{ damaged: true, sectorsInUse: 0 }]);
  });

  test("rejects with busy and the disk's name, while another has the disk", async () => {
    const first = await connect(small);
    const error = await failure(connect(small));
    expect(error).toMatchObject({ name: "BlockError", code: "busy" });
    expect(error.message).toContain('disk "small"');
    await first[Symbol.asyncDispose]();
    await using(small, async () => {});
  });

  test("rejects with busy, when the other keeps the disk for longer than it waits", async () => {
    const first = await connect(small);
    await expect(connect({ ...small, waitMs: 10 })).rejects.toMatchObject({ code: "busy" });
    await first[Symbol.asyncDispose]();
  });

  test("waits for the disk, when the other lets go of it", async () => {
    const first = await connect(small);
    const second = connect({ ...small, waitMs: 60_000 });
    await first.write(0, [new Uint8Array(512).fill(3)]);
    await first[Symbol.asyncDispose]();
    const block = await second;
    expect(await byteAt(block, 0)).toBe(3);
    await block[Symbol.asyncDispose]();
  });

  test("lets go of the disk, when it fails", async () => {
    await writeOnce(small, 1);
    await expect(connect({ ...small, sectorCount: 65 })).rejects.toMatchObject({
      code: "geometry",
    });
    expect(locks.heldCount).toBe(0);
  });

  test("connects disks of other names at once", async () => {
    const blocks = await Promise.all(["a", "b", "-c/ü"].map((name) => connect({ ...small, name })));
    await Promise.all(blocks.map((block, index) => block.write(0, [filled(index + 1)])));
    expect(await Promise.all(blocks.map((block) => byteAt(block, 0)))).toEqual([1, 2, 3]);
    for (const block of blocks) await block[Symbol.asyncDispose]();
  });

  test.each([
    [TypeError, { name: "" }],
    [RangeError, { sectorBytes: 256 }],
    [RangeError, { sectorBytes: 1000 }],
    [RangeError, { sectorCount: 0 }],
    [RangeError, { sectorCount: 1.5 }],
    [RangeError, { sectorCount: Number.MAX_SAFE_INTEGER }],
  ])("rejects with %o, for %j", async (errorClass, wrong) => {
    await expect(connect({ ...small, ...wrong })).rejects.toBeInstanceOf(errorClass);
    expect(await indexedDB.databases()).toEqual([]);
  });

  test("rejects with io, where there is no IndexedDB", async () => {
    vi.stubGlobal("indexedDB", undefined);
    const error = await failure(connect(small));
    expect(error).toMatchObject({ code: "io" });
    expect(error.message).toContain("no IndexedDB");
    expect(locks.heldCount).toBe(0);
    await expect(listDisks()).rejects.toMatchObject({ code: "io" });
    await expect(deleteDisk("small")).rejects.toMatchObject({ code: "io" });
  });

  test("rejects with io, where there are no Web Locks", async () => {
    vi.stubGlobal("navigator", {});
    const error = await failure(connect(small));
    expect(error).toMatchObject({ code: "io" });
    expect(error.message).toContain("no Web Locks");
    await expect(listDisks()).rejects.toMatchObject({ code: "io" });
  });

  test("rejects with io, where the origin may store nothing", async () => {
    const refuse = (): never => {
      throw new DOMException("denied", "SecurityError");
    };
    vi.stubGlobal("indexedDB", { open: refuse, databases: refuse, deleteDatabase: refuse });
    const error = await failure(connect(small));
    expect(error).toMatchObject({ code: "io", message: 'Cannot open disk "small": denied' });
    await expect(listDisks()).rejects.toMatchObject({ code: "io" });
    await expect(deleteDisk("small")).rejects.toMatchObject({ code: "io" });
    expect(locks.heldCount).toBe(0);
    locks.refusal = new DOMException("denied", "SecurityError");
    await expect(connect(small)).rejects.toMatchObject({ code: "io" });
  });

  test("rejects with the signal's reason, whenever it aborts", async () => {
    const signal = AbortSignal.abort("before");
    await expect(connect({ ...small, signal })).rejects.toBe("before");

    const first = await connect(small);
    const waiting = new AbortController();
    const refused = connect({ ...small, waitMs: 60_000, signal: waiting.signal });
    waiting.abort("while waiting");
    await expect(refused).rejects.toBe("while waiting");
    await first[Symbol.asyncDispose]();

    for (let turns = 0; turns < 30; turns++) await abortAfter(turns);
    await using(small, async () => {});
  });

  test("rejects with busy, and leaves nothing behind, when the database does not open", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const { request, close, abort } = openNever();
    const refused = expect(connect(small)).rejects.toMatchObject({ code: "busy" });
    await vi.advanceTimersByTimeAsync(10_000);
    await refused;
    expect(locks.heldCount).toBe(0);
    request.onupgradeneeded?.();
    expect(abort).toHaveBeenCalledOnce();
    request.onsuccess?.();
    expect(close).toHaveBeenCalledOnce();
  });

  test("rejects with busy at once, when another connection blocks it", async () => {
    const { request, opened } = openNever();
    const refused = expect(connect(small)).rejects.toMatchObject({ code: "busy" });
    await opened;
    request.onblocked?.();
    await refused;
    expect(locks.heldCount).toBe(0);
  });
});

/** Aborts a connect() when so many turns of the event loop have passed. */
async function abortAfter(turns: number): Promise<void> {
  const controller = new AbortController();
  const connecting = connect({ ...small, signal: controller.signal });
  const outcome = connecting.then(
    (block) => block[Symbol.asyncDispose](),
    (error: unknown) => expect(error).toBe("now"),
  );
  for (let turn = 0; turn < turns; turn++) await new Promise((resolve) => setImmediate(resolve));
  controller.abort("now");
  await outcome;
  expect(locks.heldCount).toBe(0);
}
