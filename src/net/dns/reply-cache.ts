import type { ForwardedReply } from "./forwarder.ts";
import type { RecordSet } from "./zone.ts";

interface Entry {
  readonly reply: ForwardedReply;
  readonly bytes: number;
  readonly arrivedMs: number;
  readonly expiresMs: number;
}

/** What an entry, a set and a record cost beside their texts and data, about. */
const objectBytes = 200;

/** Replies, each for as long as it may be kept, in bounded memory: what was not asked for goes first. */
export class ReplyCache {
  readonly #entries = new Map<string, Entry>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes that the replies take, about. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a reply for so many seconds, if any. */
  set(key: string, reply: ForwardedReply, ttlSeconds: number, nowMs: number): void {
    this.#delete(key);
    const bytes = bytesOf(key, reply);
    if (ttlSeconds <= 0 || bytes > this.#maxBytes) return;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes + bytes <= this.#maxBytes) break;
      this.#delete(oldest);
    }
    this.#bytes += bytes;
    const expiresMs = nowMs + 1000 * ttlSeconds;
    this.#entries.set(key, { reply, bytes, arrivedMs: nowMs, expiresMs });
  }

  /** Finds a reply, with what is left of its times to live. */
  get(key: string, nowMs: number): ForwardedReply | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresMs <= nowMs) {
      this.#delete(key);
      return undefined;
    }
    // To the end: it goes last.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    const { code, answers, authorities } = entry.reply;
    const age = Math.floor((nowMs - entry.arrivedMs) / 1000);
    const aged = (set: RecordSet): RecordSet =>
      set.map((record) => ({ ...record, ttlSeconds: Math.max(0, record.ttlSeconds - age) }));
    return { code, answers: answers.map(aged), authorities: authorities.map(aged) };
  }

  /** Forgets all. */
  clear(): void {
    this.#entries.clear();
    this.#bytes = 0;
  }

  #delete(key: string): void {
    this.#bytes -= this.#entries.get(key)?.bytes ?? 0;
    this.#entries.delete(key);
  }
}

function bytesOf(key: string, { answers, authorities }: ForwardedReply): number {
  const records = [...answers, ...authorities].flat();
  return records.reduce(
    (sum, { name, data }) => sum + objectBytes + 2 * name.length + data.length,
    2 * objectBytes + 2 * key.length,
  );
}
