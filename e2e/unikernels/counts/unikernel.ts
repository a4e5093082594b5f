import type { Context } from "fata-morgana/config";
import type { Block, Console } from "fata-morgana/devices";
import { BlockError } from "fata-morgana/devices";

/**
 * Number n is in sector n, so that a full disk is full. Returns 2 if a number could not be written.
 */
export async function start(
  console: Console,
  disk: Block,
  { args, signal }: Context<{ last: number }>,
): Promise<number> {
  const sector = new Uint8Array(disk.info.sectorBytes);
  const view = new DataView(sector.buffer);
  let next = 0;
  for (; next < disk.info.sectorCount; next += 1) {
    await disk.read(next, [sector]);
    if (view.getUint32(0, true) !== next + 1) break;
  }
  await console.writeLine(`found ${next}`);
  for (; next < Math.min(args.last, disk.info.sectorCount) && !signal.aborted; next += 1) {
    view.setUint32(0, next + 1, true);
    try {
      await disk.write(next, [sector]);
    } catch (error) {
      await console.writeLine(
        `lost ${next}: ${error instanceof BlockError ? error.code : String(error)}`,
      );
      return 2;
    }
    await console.writeLine(`wrote ${next}`);
  }
  return 0;
}
