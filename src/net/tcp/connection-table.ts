/** Finds what belongs to the two ends of a segment, among many, without making a key of them. */

import type { TcpOptions } from "../../devices/index.ts";
import type { Random } from "../../devices/index.ts";
import { isSameAddress } from "../prefix.ts";
import { word } from "../words.ts";

/** The two ends of a connection. Addresses are 4 or 16 bytes, *borrowed*. */
export interface ConnectionEnds {
  readonly local: Uint8Array;
  readonly localPort: number;
  readonly remote: Uint8Array;
  readonly remotePort: number;
  /** Some of them are for IP. */
  readonly options?: TcpOptions;
}

const firstBuckets = 16;

/** A hash table of what has two ends. */
export class ConnectionTable<Entry extends ConnectionEnds> {
  /** So that a stranger cannot choose ports that all fall into one bucket. */
  readonly #seed: number;
  #buckets: Entry[][] = makeBuckets(firstBuckets);
  #count = 0;

  constructor(random: Random) {
    this.#seed = random.uint32();
  }

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** What has these ends. */
  find(
    local: Uint8Array,
    localPort: number,
    remote: Uint8Array,
    remotePort: number,
  ): Entry | undefined {
    for (const entry of this.#bucket(localPort, remote, remotePort)) {
      if (
        entry.remotePort === remotePort &&
        entry.localPort === localPort &&
        isSameAddress(entry.remote, remote) &&
        isSameAddress(entry.local, local)
      ) {
        return entry;
      }
    }
    return undefined;
  }

  /** Adds an entry; there must be none with these ends. */
  add(entry: Entry): void {
    if (this.#count >= this.#buckets.length) this.#grow();
    this.#bucket(entry.localPort, entry.remote, entry.remotePort).push(entry);
    this.#count += 1;
  }

  /** Removes an entry, if it is there. */
  remove(entry: Entry): void {
    const bucket = this.#bucket(entry.localPort, entry.remote, entry.remotePort);
    const index = bucket.indexOf(entry);
    if (index < 0) return;
    bucket.splice(index, 1);
    this.#count -= 1;
  }

  /** All entries now, in no order. */
  entries(): readonly Entry[] {
    return this.#buckets.flat();
  }

  #grow(): void {
    const entries = this.entries();
    this.#buckets = makeBuckets(2 * this.#buckets.length);
    for (const entry of entries) {
      this.#bucket(entry.localPort, entry.remote, entry.remotePort).push(entry);
    }
  }

  #bucket(localPort: number, remote: Uint8Array, remotePort: number): Entry[] {
    let hash = this.#seed ^ (localPort << 16) ^ remotePort;
    for (let index = 0; index < remote.length; index += 2) {
      hash = Math.imul(hash ^ word(remote, index), 0x9e37_79b1);
      hash ^= hash >>> 15;
    }
    return this.#buckets[hash & (this.#buckets.length - 1)] ?? [];
  }
}

function makeBuckets<Entry>(count: number): Entry[][] {
  return Array.from({ length: count }, () => []);
}
