import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { openRaw, stubBrowserStorage, type FakeLocks } from "../../test/fake-browser.ts";
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

describe("listDisks()", () => {
  test("tells what there is, who uses it and how much it takes up", async () => {
    vi.spyOn(Date, "now").mockReturnValue(1234);
    await writeOnce({ ...small, name: "b" }, 1);
    const a = await connect({ ...small, name: "a", sectorBytes: 4096 });
    await a.write(1, [new Uint8Array(3 * 4096)]);
    await a.discard(2, 1);
    (await openRaw("another application's", 1)).close();
    const common = { sectorCount: 64, createdMs: 1234, damaged: false };
    expect(await listDisks()).toEqual([
      { name: "a", sectorBytes: 4096, sectorsInUse: 2, open: true, ...common },
      { name: "b", sectorBytes: 512, sectorsInUse: 1, open: false, ...common },
    ]);
    await a[Symbol.asyncDispose]();
    expect(await listDisks()).toMatchObject([{ open: false }, { open: false }]);
  });

  test("lists the others, when the browser cannot open one", async () => {
    await writeOnce({ ...small, name: "a" }, 1);
    await writeOnce({ ...small, name: "b" }, 1);
    vi.spyOn(indexedDB, "open").mockImplementationOnce(() => {
      throw new DOMException("corrupted", "UnknownError");
    });
    expect(await listDisks()).toMatchObject([
      { name: "a", sectorCount: 0, damaged: true },
      { name: "b", sectorCount: 64, damaged: false },
    ]);
    await deleteDisk("a");
    expect(await listDisks()).toMatchObject([{ name: "b" }]);
  });

  test("creates nothing, for a disk that is deleted meanwhile", async () => {
    vi.spyOn(indexedDB, "databases").mockResolvedValueOnce([
      { name: "morgana-disk:x", version: 1 },
    ]);
    expect(await listDisks()).toEqual([]);
    expect(await indexedDB.databases()).toEqual([]);
  });
});

describe("deleteDisk()", () => {
  test("deletes a disk, and does nothing for none", async () => {
    await writeOnce(small, 1);
    await deleteDisk("small");
    await deleteDisk("small");
    expect(await indexedDB.databases()).toEqual([]);
    expect(await firstByte({ ...small, sectorCount: 100 })).toBe(0);
  });

  test("rejects with busy and deletes nothing, while a unikernel uses the disk", async () => {
    await using(small, async (block) => {
      await block.write(0, [filled(1)]);
      const error = await failure(deleteDisk("small"));
      expect(error).toMatchObject({ name: "BlockError", code: "busy" });
      expect(error.message).toContain('disk "small"');
      expect(await byteAt(block, 0)).toBe(1);
    });
  });

  test("deletes a damaged disk", async () => {
    await writeOnce(small, 1);
    await changeDescription(() => undefined);
    await deleteDisk("small");
    expect(await listDisks()).toEqual([]);
  });

  test("rejects with busy, when another page's connection stays open", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    vi.spyOn(indexedDB, "deleteDatabase").mockReturnValueOnce({} as IDBOpenDBRequest);
    const refused = expect(deleteDisk("small")).rejects.toMatchObject({ code: "busy" });
    await vi.advanceTimersByTimeAsync(10_000);
    await refused;
    expect(locks.heldCount).toBe(0);
  });
});
