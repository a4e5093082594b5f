import type { Random } from "../../devices/index.ts";
import { isSameName, keyOf } from "../dns/domain.ts";
import { Listeners } from "../listeners.ts";
import type { Timer, Timers } from "../timers.ts";
import type { Link } from "./link.ts";
import { deniesType, nsecType } from "./nsec.ts";
import { encodeQuery, type MdnsMessage, type MdnsRecord } from "./packet.ts";
import { RecordCache } from "./record-cache.ts";

/** Questions that are asked again and again at most. */
const maxInterests = 500;

/** Between two of the same question: twice as long each time (RFC 6762, 5.2). */
const firstIntervalMs = 1000;
const lastIntervalMs = 3_600_000;

/** How long it is believed that a name has no records of a type. */
const maxDenialSeconds = 120;

interface Interest {
  readonly name: string;
  readonly type: number;
  watcherCount: number;
  sentCount: number;
  /** When it is asked next; `Infinity` while there is an answer that nobody else has. */
  nextMs: number;
}

/**
 * Asks all on the link, for as long as somebody wants to know, and keeps what it hears.
 *
 * @see RFC 6762, 5.2
 */
export class Querier {
  readonly counters = { queries: 0, recordsHeard: 0 };
  readonly #cache = new RecordCache();
  readonly #interests = new Map<string, Interest>();
  readonly #changes = new Listeners();
  readonly #link: Link;
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #timer: Timer;

  constructor(link: Link, timers: Timers, random: Random) {
    this.#link = link;
    this.#timers = timers;
    this.#random = random;
    this.#timer = timers.timer((nowMs) => this.#goOn(nowMs));
  }

  /** Records that are known now. */
  records(name: string, type: number): readonly MdnsRecord[] {
    return this.#cache.get(name, type, this.#timers.nowMs());
  }

  /** Calls `listener` when records have come or gone. Returns the function that stops it. */
  onChange(listener: () => void): () => void {
    return this.#changes.add(listener);
  }

  /**
   * Asks for records until the function that it returns is called; at once, if somebody waits, and
   * else after a moment, since many hosts may begin at the same time.
   */
  watch(name: string, type: number, isAwaited: boolean = false): () => void {
    const key = `${keyOf(name)} ${type}`;
    const known = this.#interests.get(key);
    if (known === undefined && this.#interests.size >= maxInterests) return () => {};
    const interest = known ?? { name, type, watcherCount: 0, sentCount: 0, nextMs: Infinity };
    if (known === undefined) {
      this.#interests.set(key, interest);
      this.#askSoon(interest, isAwaited ? 0 : this.#momentMs());
      this.#setTimer();
    }
    interest.watcherCount += 1;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      interest.watcherCount -= 1;
      if (interest.watcherCount === 0) this.#interests.delete(key);
    };
  }

  hear({ isResponse, answers, additionals }: MdnsMessage): void {
    if (!isResponse) return;
    const nowMs = this.#timers.nowMs();
    let hasChanged = false;
    for (const record of [...answers, ...additionals]) {
      this.counters.recordsHeard += 1;
      if (record.type === nsecType) this.#deny(record, nowMs);
      else if (this.#cache.add(record, nowMs)) hasChanged = true;
    }
    if (hasChanged) this.#changes.call();
    this.#setTimer();
  }

  /** Asks no more. */
  end(): void {
    this.#timer.clear();
    this.#interests.clear();
    this.#changes.clear();
  }

  /** Whoever has a name says which types it has: for others nobody needs to ask for a while. */
  #deny({ name, data, isUnique, ttlSeconds }: MdnsRecord, nowMs: number): void {
    for (const interest of isUnique ? this.#interests.values() : []) {
      if (!isSameName(interest.name, name) || !deniesType(data, interest.type)) continue;
      const untilMs = nowMs + 1000 * Math.min(ttlSeconds, maxDenialSeconds);
      interest.nextMs = Math.max(interest.nextMs, untilMs);
    }
  }

  #momentMs(): number {
    return 20 + (this.#random.uint32() % 101);
  }

  /** Asks after so long, but not for what is known and nobody else can answer. */
  #askSoon(interest: Interest, delayMs: number): void {
    const nowMs = this.#timers.nowMs();
    const known = this.#cache.get(interest.name, interest.type, nowMs);
    const isAnswered = known.length > 0 && known.every(({ isUnique }) => isUnique);
    interest.sentCount = 0;
    interest.nextMs = isAnswered ? Infinity : nowMs + delayMs;
  }

  #goOn(nowMs: number): void {
    if (this.#cache.expire(nowMs)) {
      for (const interest of this.#interests.values()) {
        const { name, type, nextMs } = interest;
        const isGone = this.#cache.get(name, type, nowMs).length === 0;
        if (isGone && nextMs === Infinity) this.#askSoon(interest, this.#momentMs());
      }
      this.#changes.call();
    }
    const due = [...this.#interests.values()].filter(
      ({ name, type, nextMs }) => Math.min(nextMs, this.#cache.refreshMs(name, type)) <= nowMs,
    );
    if (due.length > 0) this.#ask(due, nowMs);
    this.#setTimer();
  }

  #ask(due: readonly Interest[], nowMs: number): void {
    const known = due.flatMap(({ name, type }) => this.#cache.known(name, type, nowMs));
    const questions = due.map(({ name, type, sentCount }) => {
      return { name, type, wantsUnicast: sentCount === 0 };
    });
    for (const interest of due) {
      this.#cache.refreshed(interest.name, interest.type, nowMs);
      if (interest.nextMs > nowMs) continue;
      const intervalMs = Math.min(lastIntervalMs, firstIntervalMs * 2 ** interest.sentCount);
      interest.sentCount += 1;
      interest.nextMs = nowMs + intervalMs;
    }
    this.counters.queries += 1;
    for (const message of encodeQuery({ questions, known })) this.#link.send(message);
  }

  #setTimer(): void {
    let nextMs = this.#cache.expiresMs;
    for (const interest of this.#interests.values()) {
      const refreshMs = this.#cache.refreshMs(interest.name, interest.type);
      nextMs = Math.min(nextMs, interest.nextMs, refreshMs);
    }
    this.#timer.set(nextMs);
  }
}
