import type { Generator } from "./generator.ts";

/** One write call: whether it has settled, so that a flush makes it durable. */
export interface Write {
  isSettled: boolean;
}

/** Contents that a sector was given and that a power cut may still undo. Never changed. */
interface Version {
  readonly bytes: Uint8Array;
  readonly write: Write;
}

/** Where a flush stands: for each sector, the last write that it makes durable. */
export type FlushPoint = ReadonlyMap<number, Write>;

/**
 * The sectors of a disk: what is durable, and above it what was written since, oldest first. A
 * sector that was never written takes no memory.
 */
export class Medium {
  readonly sectorBytes: number;
  sectorCount: number;
  readonly #spaceSectorCount: number;
  readonly #durable = new Map<number, Uint8Array>();
  readonly #volatile = new Map<number, readonly Version[]>();
  readonly #used = new Set<number>();

  constructor(sectorBytes: number, sectorCount: number, spaceSectorCount: number) {
    this.sectorBytes = sectorBytes;
    this.sectorCount = sectorCount;
    this.#spaceSectorCount = spaceSectorCount;
  }

  /** The present contents of a sector, not to be changed, or `undefined` for zeros. */
  get(sector: number): Uint8Array | undefined {
    return this.#volatile.get(sector)?.at(-1)?.bytes ?? this.#durable.get(sector);
  }

  /** Gives a sector new contents, *given*. Returns `false` if there is no space for it. */
  put(sector: number, bytes: Uint8Array, write: Write): boolean {
    if (!this.#used.has(sector) && this.#used.size >= this.#spaceSectorCount) return false;
    this.#used.add(sector);
    const versions = this.#volatile.get(sector) ?? [];
    this.#volatile.set(sector, [...versions, { bytes, write }]);
    return true;
  }

  /** What a flush that is called now makes durable: the last settled write of each sector. */
  flushPoint(): FlushPoint {
    const point = new Map<number, Write>();
    for (const [sector, versions] of this.#volatile) {
      const last = versions.findLast(({ write }) => write.isSettled);
      if (last !== undefined) point.set(sector, last.write);
    }
    return point;
  }

  /** Makes a sector durable as `write` left it, and forgets what was before. */
  commit(sector: number, write: Write): void {
    const versions = this.#volatile.get(sector) ?? [];
    const index = versions.findLastIndex((version) => version.write === write);
    const version = versions[index];
    if (version === undefined) return;
    this.#durable.set(sector, version.bytes);
    this.#keep(sector, versions.slice(index + 1));
  }

  /** Chooses what each sector holds after a power cut. Returns how many lost the last they had. */
  crash(generator: Generator): number {
    let lostCount = 0;
    for (const [sector, versions] of this.#volatile) {
      const chosen = versions[generator.below(versions.length + 1) - 1];
      if (chosen !== undefined) this.#durable.set(sector, chosen.bytes);
      if (chosen !== versions.at(-1)) lostCount++;
    }
    this.#volatile.clear();
    return lostCount;
  }

  #keep(sector: number, versions: readonly Version[]): void {
    if (versions.length === 0) this.#volatile.delete(sector);
    else this.#volatile.set(sector, versions);
  }
}
