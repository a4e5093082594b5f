/**
 * The neighbours that ARP knows, or asks for. An entry is confirmed by an answer to a request; when
 * that was long ago and the entry is in use, its owner is asked again, by unicast, while packets
 * still go there (RFC 1122, 2.3.2.1).
 */

import { toNumber } from "../ipv4/address.ts";
import { isSameAddress } from "../prefix.ts";
import type { Timer, Timers } from "../timers.ts";

/** Called with a MAC address, or `undefined` if nobody answers. */
export type Found = (mac: Uint8Array | undefined) => void;

/** How long things take in the cache, and how much there can be. */
export interface CacheOptions {
  /** How long an answer holds before a neighbour in use is asked again; 60,000 by default. */
  readonly reachableMs?: number;
  /** How long an address that nobody uses is known; 1,200,000 by default. */
  readonly idleMs?: number;
  /** Between two requests for an address; 1,000 by default (RFC 1122, 2.3.2.1). */
  readonly retryMs?: number;
  /** Requests before giving up; 3 by default. */
  readonly maxTries?: number;
  /** The most addresses known or asked for; 512 by default. */
  readonly maxEntries?: number;
}

/** The most callers that wait for one address. */
const maxWaiting = 64;

/** An address no sooner changes its owner again (against answers that compete). */
const settledMs = 1000;

interface Entry {
  /** 4 bytes. */
  readonly address: Uint8Array;
  /** Who has it, if that is known. */
  mac: Uint8Array | undefined;
  /** Whether it was asked for since it was confirmed. */
  isUsed: boolean;
  /** Whether it was confirmed longer ago than an answer holds. */
  isStale: boolean;
  /** Requests without an answer. */
  tries: number;
  confirmedMs: number;
  waiting: Found[];
  readonly timer: Timer;
}

export class Cache {
  readonly #timers: Timers;
  readonly #options: Required<CacheOptions>;
  readonly #request: (address: Uint8Array, mac: Uint8Array | undefined) => void;
  readonly #entries = new Map<number, Entry>();
  /** The entry asked for last: packets come in rows. */
  #lastKey = -1;
  #last: Entry | undefined;

  /** `request` asks for `address`: everyone, or the one with `mac`. */
  constructor(
    timers: Timers,
    options: CacheOptions,
    request: (address: Uint8Array, mac: Uint8Array | undefined) => void,
  ) {
    this.#timers = timers;
    this.#options = {
      reachableMs: 60_000,
      idleMs: 1_200_000,
      retryMs: 1000,
      maxTries: 3,
      maxEntries: 512,
      ...options,
    };
    this.#request = request;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Finds who has `address` (4 bytes, *borrowed*): at once if that is known. */
  query(address: Uint8Array, found: Found): void {
    const key = toNumber(address);
    const entry = key === this.#lastKey ? this.#last : this.#entries.get(key);
    if (entry?.mac === undefined) {
      this.#wait(entry ?? this.#add(key, address), found);
      return;
    }
    this.#lastKey = key;
    this.#last = entry;
    entry.isUsed = true;
    if (entry.isStale) this.#ask(entry);
    found(entry.mac);
  }

  /**
   * Takes what an ARP packet says of its sender (both *borrowed*): for an entry that is there, or,
   * with `mayAdd`, where there is room for one. An answer `confirms` the entry.
   */
  learn(address: Uint8Array, mac: Uint8Array, mayAdd: boolean, confirms: boolean): void {
    const key = toNumber(address);
    const hasRoom = mayAdd && this.#entries.size < this.#options.maxEntries;
    const entry = this.#entries.get(key) ?? (hasRoom ? this.#add(key, address) : undefined);
    if (entry === undefined) return;
    const nowMs = this.#timers.nowMs();
    const isSame = entry.mac !== undefined && isSameAddress(entry.mac, mac);
    if (!isSame && entry.mac !== undefined && nowMs - entry.confirmedMs < settledMs) return;
    if (isSame && !confirms) return;
    if (!isSame) entry.mac = mac.slice();
    entry.confirmedMs = nowMs;
    this.#confirm(entry, nowMs);
    const { waiting } = entry;
    entry.waiting = [];
    for (const found of waiting) found(entry.mac);
  }

  /** Takes the word of who sends to `address` (*borrowed*): it need not be asked, or at once. */
  advise(address: Uint8Array, isReached: boolean): void {
    const entry = this.#entries.get(toNumber(address));
    if (entry?.mac === undefined) return;
    if (isReached) this.#confirm(entry, this.#timers.nowMs());
    else if (entry.tries === 0) this.#ask(entry);
  }

  /** Forgets everything; whoever waits gets `undefined`. */
  clear(): void {
    for (const [key, entry] of this.#entries) this.#remove(key, entry);
  }

  #wait(entry: Entry | undefined, found: Found): void {
    if (entry === undefined || entry.waiting.length >= maxWaiting) {
      found(undefined);
      return;
    }
    entry.waiting.push(found);
    if (entry.tries === 0) this.#ask(entry);
  }

  /** Adds an entry, at the cost of another if there is no room; `undefined` if all are asked for. */
  #add(key: number, address: Uint8Array): Entry | undefined {
    if (this.#entries.size >= this.#options.maxEntries && !this.#makeRoom()) return undefined;
    const entry: Entry = {
      address: address.slice(),
      mac: undefined,
      isUsed: false,
      isStale: false,
      tries: 0,
      confirmedMs: -Infinity,
      waiting: [],
      timer: this.#timers.timer((nowMs) => this.#expire(key, entry, nowMs)),
    };
    this.#entries.set(key, entry);
    return entry;
  }

  #confirm(entry: Entry, nowMs: number): void {
    entry.isStale = entry.isUsed = false;
    entry.tries = 0;
    entry.timer.set(nowMs + this.#options.reachableMs);
  }

  #makeRoom(): boolean {
    let victim: [number, Entry] | undefined;
    for (const [key, entry] of this.#entries) {
      if (entry.mac === undefined) continue;
      victim ??= [key, entry];
      if (entry.isUsed) continue;
      victim = [key, entry];
      break;
    }
    if (victim !== undefined) this.#remove(...victim);
    return victim !== undefined;
  }

  /** Sends a request; the last one of a refreshment goes to everyone. */
  #ask(entry: Entry): void {
    entry.isStale = false;
    entry.tries += 1;
    this.#request(entry.address, entry.tries < this.#options.maxTries ? entry.mac : undefined);
    entry.timer.set(this.#timers.nowMs() + this.#options.retryMs);
  }

  #expire(key: number, entry: Entry, nowMs: number): void {
    const { maxTries, reachableMs, idleMs } = this.#options;
    if (entry.tries >= maxTries) this.#remove(key, entry);
    else if (entry.tries > 0 || entry.isUsed) this.#ask(entry);
    else if (nowMs - entry.confirmedMs >= Math.max(idleMs, reachableMs)) this.#remove(key, entry);
    else {
      entry.isStale = true;
      entry.timer.set(entry.confirmedMs + Math.max(idleMs, reachableMs));
    }
  }

  #remove(key: number, entry: Entry): void {
    this.#entries.delete(key);
    if (this.#last === entry) this.#lastKey = -1;
    entry.timer.clear();
    for (const found of entry.waiting) found(undefined);
  }
}
