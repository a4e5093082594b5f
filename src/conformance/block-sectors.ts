import type { Block } from "../devices/index.ts";
import { sampleBytes } from "./law.ts";

/** Reads sectors into a *fresh* buffer that held something else. */
export async function sectorsOf(
  block: Block,
  sector: number,
  sectorCount: number,
): Promise<Uint8Array> {
  const into = sampleBytes(sectorCount * block.info.sectorBytes, 99);
  await block.read(sector, [into]);
  return into;
}
