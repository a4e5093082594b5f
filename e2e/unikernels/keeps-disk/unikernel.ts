import type { Context } from "fata-morgana/config";
import type { Block, Clock, Console } from "fata-morgana/devices";

export async function start(
  console: Console,
  disk: Block,
  clock: Clock,
  { signal }: Context,
): Promise<void> {
  await console.writeLine(`has the disk of ${disk.info.sectorCount} sectors`);
  await clock.sleep(2 ** 40, signal);
}
