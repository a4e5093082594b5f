/** Entries that are kept at most; the oldest goes first. */
const maxEntries = 512;

/** No answer is kept for longer, whatever it says. */
const maxTtlSeconds = 86_400;

interface Entry<Answer> {
  readonly answer: Answer;
  readonly arrivedMs: number;
  readonly expiresMs: number;
}

/** Answers, each kept for as long as it may be. */
export class AnswerCache<Answer> {
  readonly #entries = new Map<string, Entry<Answer>>();

  /** Answers that are kept now, the expired ones included. */
  get size(): number {
    return this.#entries.size;
  }

  /** Keeps an answer for so many seconds, if any. */
  set(key: string, answer: Answer, ttlSeconds: number, nowMs: number): void {
    this.#entries.delete(key);
    if (ttlSeconds <= 0) return;
    const [oldest] = this.#entries.keys();
    if (this.#entries.size >= maxEntries && oldest !== undefined) this.#entries.delete(oldest);
    const expiresMs = nowMs + 1000 * Math.min(ttlSeconds, maxTtlSeconds);
    this.#entries.set(key, { answer, arrivedMs: nowMs, expiresMs });
  }

  /** Finds an answer, and how many whole seconds ago it came. */
  get(key: string, nowMs: number): { readonly answer: Answer; readonly age: number } | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expiresMs > nowMs) {
      return { answer: entry.answer, age: Math.floor((nowMs - entry.arrivedMs) / 1000) };
    }
    this.#entries.delete(key);
    return undefined;
  }

  /** Forgets all. */
  clear(): void {
    this.#entries.clear();
  }
}
