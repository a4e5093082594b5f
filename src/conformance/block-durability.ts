import type { Block } from "../devices/index.ts";
import { sectorsOf } from "./block-sectors.ts";
import { bytesEqual, equal, sampleBytes, withDevice } from "./law.ts";

/** Writes, ends the device as `end` says, and looks at the disk that `again` connects. */
export async function survives(
  connect: () => Promise<Block>,
  again: (previous: Block) => Promise<Block>,
  end: (block: Block) => Promise<void>,
): Promise<void> {
  const block = await connect();
  const { growable, sectorBytes, sectorCount } = block.info;
  const bytes = sampleBytes(4 * sectorBytes, 18);
  await block.write(1, [bytes]);
  await block.write(2, [bytes.subarray(0, sectorBytes)]);
  if (growable) await block.grow(sectorCount + 5);
  await block.write(block.info.sectorCount - 1, [bytes.subarray(sectorBytes, 2 * sectorBytes)]);
  if (block.info.durableAfter === "flush") await block.flush();
  const grownCount = block.info.sectorCount;
  await end(block);
  await withDevice(
    () => again(block),
    async (same) => {
      equal("info.sectorCount of the same disk", same.info.sectorCount, grownCount);
      const expected = new Uint8Array(7 * sectorBytes);
      expected.set(bytes, sectorBytes);
      expected.set(bytes.subarray(0, sectorBytes), 2 * sectorBytes);
      bytesEqual("sectors 0 to 6 of the same disk", await sectorsOf(same, 0, 7), expected);
      const last = await sectorsOf(same, grownCount - 1, 1);
      bytesEqual("its last sector", last, bytes.subarray(sectorBytes, 2 * sectorBytes));
    },
  );
}
