import type { Context } from "fata-morgana/config";
import type { Block, Console, Random } from "fata-morgana/devices";

/**
 * A game in the first bytes of its sector, little-endian:
 *
 *     0       4        8       12      16
 *     +-------+--------+-------+-------+
 *     | magic | drawn  |  won  | last  |
 *     +-------+--------+-------+-------+
 */
const offset = { magic: 0, drawn: 4, won: 8, last: 12 } as const;
const magic = 0x6f74746c; // "ltto"

interface Game {
  readonly drawn: number;
  readonly won: number;
  readonly last: number;
}

/** One draw in this many wins. */
const odds = 6;

export async function start(
  console: Console,
  disk: Block,
  random: Random,
  { args }: Context<{ slot: number; reset: boolean }>,
): Promise<number> {
  if (args.slot >= disk.info.sectorCount) {
    await console.writeLine(`There is no slot ${args.slot}: the disk has ${disk.info.sectorCount}`);
    return 1;
  }
  const sector = new Uint8Array(disk.info.sectorBytes);
  await disk.read(args.slot, [sector]);
  const before = args.reset ? undefined : decode(sector);
  if (before === undefined) await console.writeLine(`Slot ${args.slot}: a new game`);
  else await console.writeLine(`Slot ${args.slot}: draw ${before.drawn} gave ${before.last}`);

  const last = (random.uint32() % odds) + 1;
  const won = (before?.won ?? 0) + (last === odds ? 1 : 0);
  const game: Game = { drawn: (before?.drawn ?? 0) + 1, won, last };
  encode(game, sector);
  await disk.write(args.slot, [sector]);
  await console.writeLine(`Draw ${game.drawn}: ${last}${last === odds ? ", you win!" : ""}`);
  await console.writeLine(`Won ${game.won} of ${game.drawn}. Reload to draw again.`);
  return 0;
}

function decode(sector: Uint8Array): Game | undefined {
  const view = new DataView(sector.buffer, sector.byteOffset, sector.byteLength);
  if (view.getUint32(offset.magic, true) !== magic) return undefined;
  return {
    drawn: view.getUint32(offset.drawn, true),
    won: view.getUint32(offset.won, true),
    last: view.getUint32(offset.last, true),
  };
}

function encode(game: Game, into: Uint8Array): void {
  const view = new DataView(into.buffer, into.byteOffset, into.byteLength);
  view.setUint32(offset.magic, magic, true);
  view.setUint32(offset.drawn, game.drawn, true);
  view.setUint32(offset.won, game.won, true);
  view.setUint32(offset.last, game.last, true);
}
