/**
 * What a middlebox remembers of conversations, bounded: each entry is of a kind, which says how long
 * it stays without being heard of. When the table is full, the one of an evictable kind that was
 * heard of least lately makes room; those of other kinds never do, so that a flood of strangers ends
 * no conversation. An owner has only so many.
 *
 * All operations take the same time however many entries there are: those of a kind are in the
 * order in which they end.
 */

import type { Timer, Timers } from "../timers.ts";

/** What an entry is, beside what its owner keeps in it. */
export interface Tracked<Kind extends string> {
  /** Who made it necessary. */
  readonly owner: string | number;
  kind: Kind;
  /** When it ends, if nothing is heard of it. */
  deadlineMs: number;
}

/** Counters of a table. */
export interface TrackingCounters {
  /** Entries that ended because nothing was heard of them. */
  expired: number;
  /** Entries that made room for others. */
  evicted: number;
  /** Entries not made: the table was full of what must stay. */
  tableFull: number;
  /** Entries not made: their owner had too many. */
  ownerFull: number;
}

/** Counters that stand at 0. */
export function trackingCounters(): TrackingCounters {
  return { expired: 0, evicted: 0, tableFull: 0, ownerFull: 0 };
}

/** How a table is made. */
export interface TrackedTableOptions<Kind extends string, Entry extends Tracked<Kind>> {
  readonly timers: Timers;
  readonly counters: TrackingCounters;
  readonly lifetimesMs: Readonly<Record<Kind, number>>;
  /** Kinds that make room for others. */
  readonly evictable: readonly Kind[];
  readonly maxEntries: number;
  readonly maxPerOwner: number;
  /** Called with each entry that ended, however it did. */
  readonly removed: (entry: Entry) => void;
}

export class TrackedTable<Kind extends string, Entry extends Tracked<Kind>> {
  readonly #options: TrackedTableOptions<Kind, Entry>;
  readonly #timer: Timer;
  readonly #byKind = new Map<Kind, Set<Entry>>();
  readonly #ownerCounts = new Map<string | number, number>();
  #count = 0;

  constructor(options: TrackedTableOptions<Kind, Entry>) {
    this.#options = options;
    this.#timer = options.timers.timer((nowMs) => this.#expire(nowMs));
    for (const kind of Object.keys(options.lifetimesMs)) this.#byKind.set(kind as Kind, new Set());
  }

  /** How many entries there are. */
  get count(): number {
    return this.#count;
  }

  /** Adds an entry, if there is room; says whether there was. */
  add(entry: Entry, nowMs: number): boolean {
    const { counters, maxEntries, maxPerOwner } = this.#options;
    const owned = this.#ownerCounts.get(entry.owner) ?? 0;
    if (owned >= maxPerOwner) {
      counters.ownerFull += 1;
      return false;
    }
    if (this.#count >= maxEntries && !this.#makeRoom(nowMs)) {
      counters.tableFull += 1;
      return false;
    }
    this.#ownerCounts.set(entry.owner, (this.#ownerCounts.get(entry.owner) ?? 0) + 1);
    this.#count += 1;
    this.#place(entry, nowMs);
    return true;
  }

  /** An entry was heard of, and is of `kind` now. */
  touch(entry: Entry, kind: Kind, nowMs: number): void {
    this.#byKind.get(entry.kind)?.delete(entry);
    entry.kind = kind;
    this.#place(entry, nowMs);
  }

  /** Ends an entry. */
  remove(entry: Entry): void {
    if (this.#byKind.get(entry.kind)?.delete(entry) !== true) return;
    this.#count -= 1;
    const owned = (this.#ownerCounts.get(entry.owner) ?? 0) - 1;
    if (owned > 0) this.#ownerCounts.set(entry.owner, owned);
    else this.#ownerCounts.delete(entry.owner);
    this.#options.removed(entry);
  }

  /** All entries, in no order. */
  *all(): Iterable<Entry> {
    for (const entries of this.#byKind.values()) yield* entries;
  }

  /** Forgets everything. */
  clear(): void {
    this.#timer.clear();
    for (const entry of this.all()) this.remove(entry);
  }

  #place(entry: Entry, nowMs: number): void {
    entry.deadlineMs = nowMs + this.#options.lifetimesMs[entry.kind];
    this.#byKind.get(entry.kind)?.add(entry);
    if (entry.deadlineMs < this.#timer.deadlineMs) this.#timer.set(entry.deadlineMs);
  }

  #makeRoom(nowMs: number): boolean {
    this.#expire(nowMs);
    const { maxEntries, evictable, counters } = this.#options;
    if (this.#count < maxEntries) return true;
    for (const kind of evictable) {
      const [oldest] = this.#byKind.get(kind) ?? [];
      if (oldest === undefined) continue;
      counters.evicted += 1;
      this.remove(oldest);
      return true;
    }
    return false;
  }

  #expire(nowMs: number): void {
    let nextMs = Infinity;
    for (const entries of this.#byKind.values()) {
      for (const entry of entries) {
        if (entry.deadlineMs > nowMs) {
          nextMs = Math.min(nextMs, entry.deadlineMs);
          break;
        }
        this.#options.counters.expired += 1;
        this.remove(entry);
      }
    }
    this.#timer.set(nextMs);
  }
}
