import { forceCloseDatabase, IDBObjectStore, IDBTransaction } from "fake-indexeddb";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { blockLaws } from "../conformance/index.ts";
import type { Block } from "../devices/index.ts";
import {
  done,
  failCommit,
  failPut,
  openRaw,
  QuotaExceededError,
  refusePut,
  stubBrowserStorage,
  type FakeLocks,
} from "../../test/fake-browser.ts";
import { byteAt, failure, filled, small, using, writeOnce } from "../../test/small-disk.ts";
import { connect, type IndexedDbBlockOptions } from "./block-indexeddb.ts";

let locks: FakeLocks;

beforeEach(() => {
  locks = stubBrowserStorage();
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

describe.each([false, true])("laws, growable: %s", (growable) => {
  const options = { ...small, growable };
  const laws = blockLaws({
    connect: () => connect(options),
    reopen: () => connect(options),
    crash: () => {
      locks.killHolders();
      return connect(options);
    },
    connectReadOnly: () => connect({ ...options, readOnly: true }),
  });
  for (const law of laws) test(law.name, () => law.run());
});

describe("write()", () => {
  test.each([
    ["when it is requested", refusePut],
    ["when its request is done", failPut],
    ["when its transaction is committed", failCommit],
  ])("rejects with no-space and writes nothing, for a full storage, %s", async (_, fail) => {
    await using(small, async (block) => {
      await block.write(0, [filled(1)]);
      fail(new QuotaExceededError());
      const error = await failure(block.write(0, [filled(2), filled(2)]));
      expect(error).toMatchObject({ name: "BlockError", code: "no-space" });
      expect(error.message).toContain('sectors 0 to 1 of disk "small"');
      expect(await byteAt(block, 0)).toBe(1);
      await block.write(0, [filled(3)]);
      expect(await byteAt(block, 0)).toBe(3);
      expect(block.counters).toMatchObject({ writes: 3, sectorsWritten: 2 });
    });
  });

  test.each([
    ["when it is requested", refusePut],
    ["when its request is done", failPut],
    ["when its transaction is committed", failCommit],
  ])("rejects with io, for another failure, %s", async (_, fail) => {
    await using(small, async (block) => {
      fail(new DOMException("the medium failed", "UnknownError"));
      await expect(block.write(0, [filled(2)])).rejects.toMatchObject({ code: "io" });
      expect(await byteAt(block, 0)).toBe(0);
    });
  });

  test("stores buffers of exactly a sector, with strict durability", async () => {
    const put = vi.spyOn(IDBObjectStore.prototype, "put");
    await using(small, async (block) => {
      await block.write(3, [new Uint8Array(65_536).subarray(100, 100 + 1024)]);
    });
    const stored = put.mock.calls.filter(([value]) => value instanceof Uint8Array);
    expect(stored.map(([value, key]) => [value.buffer.byteLength, key])).toEqual([
      [512, 3],
      [512, 4],
    ]);
    const stores = put.mock.contexts.slice(-2) as readonly IDBObjectStore[];
    const transactions = stores.map(({ transaction }) => transaction);
    expect(transactions[0]).toBe(transactions[1]);
    expect(transactions[0]).toMatchObject({ durability: "strict", mode: "readwrite" });
  });
});

describe("read()", () => {
  test("asks once for a range, whatever its length", async () => {
    const getAll = vi.spyOn(IDBObjectStore.prototype, "getAll");
    await using(small, async (block) => {
      await block.write(10, [filled(1), filled(2)]);
      const into = [new Uint8Array(512 * 9), new Uint8Array(512 * 6)];
      await block.read(4, into);
      expect(into.map((buffer) => buffer.findIndex((byte) => byte !== 0))).toEqual([512 * 6, -1]);
    });
    expect(getAll).toHaveBeenCalledOnce();
  });

  test.each([[new Uint8Array(511)], [new ArrayBuffer(512)], ["text"]])(
    "rejects with damaged, for a sector that is stored as %o",
    async (contents) => {
      await writeOnce(small, 1);
      const raw = await openRaw("morgana-disk:small");
      await done(raw.transaction("sectors", "readwrite").objectStore("sectors").put(contents, 2));
      raw.close();
      await using(small, async (block) => {
        const error = await failure(block.read(1, [new Uint8Array(1024)]));
        expect(error).toMatchObject({ name: "BlockError", code: "damaged" });
        expect(error.message).toContain("sector 2");
        expect(await byteAt(block, 0)).toBe(1);
        await block.write(2, [filled(5)]);
        expect(await byteAt(block, 2)).toBe(5);
      });
    },
  );
});

describe("grow()", () => {
  test("leaves the larger size, when two overlap", async () => {
    const growable = { ...small, growable: true };
    await using(growable, async (block) => {
      await Promise.all([block.grow(100), block.grow(80)]);
      expect(block.info.sectorCount).toBe(100);
    });
    await using(growable, async ({ info }) => expect(info.sectorCount).toBe(100));
  });

  test("rejects with no-space and changes nothing, for a full storage", async () => {
    const growable = { ...small, growable: true };
    await using(growable, async (block) => {
      failCommit(new QuotaExceededError());
      await expect(block.grow(100)).rejects.toMatchObject({ code: "no-space" });
      expect(block.info.sectorCount).toBe(64);
    });
    await using(small, async ({ info }) => expect(info.sectorCount).toBe(64));
  });
});

describe("a database that goes away", () => {
  test("operations reject with closed, and the disk is free, when it is deleted", async () => {
    const block = await connect(small);
    const underWay = block.write(0, [filled(1)]);
    await done(indexedDB.deleteDatabase("morgana-disk:small"));
    await underWay;
    const error = await failure(block.write(0, [filled(2)]));
    expect(error).toMatchObject({ name: "BlockError", code: "closed" });
    expect(error.message).toContain("deleted");
    await using(small, async (fresh) => expect(await byteAt(fresh, 0)).toBe(0));
    await block[Symbol.asyncDispose]();
  });

  test("operations reject with closed, and the disk is free, when it is cleared", async () => {
    const { block, database } = await connectSeen(small);
    forceCloseDatabase(database as never);
    const error = await failure(block.write(0, [filled(2)]));
    expect(error).toMatchObject({ name: "BlockError", code: "closed" });
    expect(error.message).toContain("the browser closed its database");
    await using(small, async () => {});
  });

  test("operations reject with closed, when it is closed and no event tells so", async () => {
    const { block, database } = await connectSeen(small);
    // Safari does so to a page in the background.
    database.close();
    await expect(block.read(0, [filled(0)])).rejects.toMatchObject({ code: "closed" });
    await block[Symbol.asyncDispose]();
    await using(small, async () => {});
  });
});

/** Connects a disk, and gives the database that it uses. */
async function connectSeen(
  options: IndexedDbBlockOptions,
): Promise<{ block: Block; database: IDBDatabase }> {
  const objectStore = vi.spyOn(IDBTransaction.prototype, "objectStore");
  const block = await connect(options);
  return { block, database: (objectStore.mock.contexts[0] as IDBTransaction).db };
}
