import { keyOf } from "../dns/domain.ts";
import { recordKey, type MdnsRecord } from "./packet.ts";

interface Entry {
  readonly record: MdnsRecord;
  readonly arrivedMs: number;
  readonly expiresMs: number;
  /** How often it was asked for again, before it expires. */
  refreshCount: number;
}

/** Records that are kept at most; the oldest goes first. */
const maxRecords = 1000;

/** Parts of its life after which a record is asked for again (RFC 6762, 5.2). */
const refreshAt = [0.8, 0.85, 0.9, 0.95] as const;

/** How long a record stays after it was said to be gone (RFC 6762, 10.1). */
const goodbyeMs = 1000;

/** No record is kept for longer, whatever it says. */
const maxTtlSeconds = 86_400;

type Entries = Map<string, Entry>;

/** Records that were heard, each for as long as it lives. */
export class RecordCache {
  /** By name and type, then by all of a record. */
  readonly #sets = new Map<string, Entries>();
  #size = 0;

  /** Records that are kept now. */
  get size(): number {
    return this.#size;
  }

  /**
   * Takes a record in, or tells one that is there that it lives on, or is to go. Says whether
   * something is new.
   */
  add(record: MdnsRecord, nowMs: number): boolean {
    const set = this.#set(record.name, record.type);
    const key = recordKey(record);
    const known = set.get(key);
    if (record.isUnique) outdate(set, key, nowMs);
    if (record.ttlSeconds === 0) {
      if (known !== undefined) shorten(set, key, known, nowMs + goodbyeMs);
      return false;
    }
    if (known === undefined && this.#size >= maxRecords) this.#deleteOldest();
    const expiresMs = nowMs + 1000 * Math.min(record.ttlSeconds, maxTtlSeconds);
    if (known === undefined) this.#size += 1;
    set.set(key, { record, arrivedMs: nowMs, expiresMs, refreshCount: 0 });
    this.#sets.set(setKey(record.name, record.type), set);
    return known === undefined;
  }

  /** The records of a name and a type, with what is left of their times to live. */
  get(name: string, type: number, nowMs: number): readonly MdnsRecord[] {
    return this.#live(name, type, nowMs).map(([record, ttlSeconds]) =>
      Object.assign({}, record, { ttlSeconds }),
    );
  }

  /** Those of a query's known answers: with more than half of their life left (RFC 6762, 7.1). */
  known(name: string, type: number, nowMs: number): readonly MdnsRecord[] {
    return this.#live(name, type, nowMs)
      .filter(([record, ttlSeconds]) => 2 * ttlSeconds > record.ttlSeconds)
      .map(([record, ttlSeconds]) => Object.assign({}, record, { ttlSeconds }));
  }

  /** Lets go of what has expired; says whether that was something. */
  expire(nowMs: number): boolean {
    const before = this.#size;
    for (const [name, set] of this.#sets) {
      for (const [key, { expiresMs }] of set) if (expiresMs <= nowMs) this.#delete(name, set, key);
    }
    return this.#size < before;
  }

  /** When the first record expires; `Infinity` if none does. */
  get expiresMs(): number {
    let first = Infinity;
    for (const set of this.#sets.values()) {
      for (const { expiresMs } of set.values()) first = Math.min(first, expiresMs);
    }
    return first;
  }

  /** When to ask for records of this name and type again, before they expire. */
  refreshMs(name: string, type: number): number {
    return Math.min(...[...this.#set(name, type).values()].map(refreshMsOf));
  }

  /** Notes that they are asked for again. */
  refreshed(name: string, type: number, nowMs: number): void {
    for (const entry of this.#set(name, type).values()) {
      while (refreshMsOf(entry) <= nowMs) entry.refreshCount += 1;
    }
  }

  #set(name: string, type: number): Entries {
    return this.#sets.get(setKey(name, type)) ?? new Map();
  }

  #live(name: string, type: number, nowMs: number): readonly [MdnsRecord, number][] {
    return [...this.#set(name, type).values()]
      .filter(({ expiresMs }) => expiresMs > nowMs)
      .map(({ record, expiresMs }) => [record, Math.floor((expiresMs - nowMs) / 1000)]);
  }

  #delete(name: string, set: Entries, key: string): void {
    if (set.delete(key)) this.#size -= 1;
    if (set.size === 0) this.#sets.delete(name);
  }

  #deleteOldest(): void {
    for (const [name, set] of this.#sets) {
      for (const key of set.keys()) {
        this.#delete(name, set, key);
        return;
      }
    }
  }
}

function setKey(name: string, type: number): string {
  return `${keyOf(name)} ${type}`;
}

/** Whoever has them all says what is true now: what was heard before goes (RFC 6762, 10.2). */
function outdate(set: Entries, except: string, nowMs: number): void {
  for (const [key, entry] of set) {
    const isOld = nowMs - entry.arrivedMs > goodbyeMs;
    if (key !== except && isOld) shorten(set, key, entry, nowMs + goodbyeMs);
  }
}

function shorten(set: Entries, key: string, entry: Entry, expiresMs: number): void {
  if (entry.expiresMs <= expiresMs) return;
  set.set(key, { ...entry, expiresMs, refreshCount: refreshAt.length });
}

function refreshMsOf({ arrivedMs, expiresMs, refreshCount }: Entry): number {
  const part = refreshAt[refreshCount];
  return part === undefined ? Infinity : arrivedMs + part * (expiresMs - arrivedMs);
}
