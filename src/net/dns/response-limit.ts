import { parseAddress } from "../address.ts";
import { TokenBucket } from "../token-bucket.ts";

/** How often the same may be answered to the same network. */
export interface ResponseLimitOptions {
  /** Answers a second, and at once; 20 by default. */
  readonly rate?: number;
  /** One in so many of what is over that is answered as cut, 0 for none; 2 by default. */
  readonly slip?: number;
  /** Networks and answers that are remembered at most; the oldest goes first. */
  readonly maxEntries?: number;
}

/** Bytes of an address that say the network: /24 of IPv4, /56 of IPv6. */
const networkBytes: Readonly<Record<number, number>> = { 4: 3, 16: 7 };

interface Entry {
  readonly bucket: TokenBucket;
  overCount: number;
}

/**
 * Keeps a server from being used against others: who sends queries in somebody else's name, so that
 * the answers flood that host, gets few of them there. What a real client misses it asks again, and
 * an answer that is cut makes it ask over TCP, where nobody can lie about who they are.
 */
export class ResponseLimit {
  readonly #entries = new Map<string, Entry>();
  readonly #rate: number;
  readonly #slip: number;
  readonly #maxEntries: number;

  constructor({ rate = 20, slip = 2, maxEntries = 4096 }: ResponseLimitOptions = {}) {
    this.#rate = rate;
    this.#slip = slip;
    this.#maxEntries = maxEntries;
  }

  /** What to do with an answer, of which `kind` says what is the same in it, to an address. */
  judge(address: string, kind: string, nowMs: number): "send" | "cut" | "drop" {
    const entry = this.#entry(`${networkOf(address)} ${kind}`);
    if (entry.bucket.take(nowMs)) {
      entry.overCount = 0;
      return "send";
    }
    entry.overCount += 1;
    return this.#slip > 0 && entry.overCount % this.#slip === 0 ? "cut" : "drop";
  }

  #entry(key: string): Entry {
    const entry = this.#entries.get(key) ?? {
      bucket: new TokenBucket(this.#rate, this.#rate),
      overCount: 0,
    };
    this.#entries.delete(key);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size >= this.#maxEntries && oldest !== undefined) {
      this.#entries.delete(oldest);
    }
    this.#entries.set(key, entry);
    return entry;
  }
}

function networkOf(text: string): string {
  const address = parseAddress(text) ?? new Uint8Array(0);
  return address.subarray(0, networkBytes[address.length]).join(".");
}
