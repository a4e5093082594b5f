import type { TcpFlow } from "../../devices/index.ts";
import type { Timer, Timers } from "../timers.ts";
import { word } from "../words.ts";

/** Answers a message, at once or later; `undefined` is no answer. */
export type Answers = (
  message: Uint8Array,
) => Uint8Array | undefined | Promise<Uint8Array | undefined>;

/** Questions of one connection that are answered at the same time. */
const maxPending = 16;

/**
 * The questions of one connection, each after its length (RFC 1035, 4.2.2). They are answered as
 * they come and as soon as each can be, not in order (RFC 7766, 6.2.1.1, 7).
 */
export class StreamSession {
  readonly #flow: TcpFlow;
  readonly #answer: Answers;
  readonly #timers: Timers;
  readonly #idleMs: number;
  readonly #idle: Timer;
  readonly #pending = new Set<Promise<void>>();

  constructor(flow: TcpFlow, answer: Answers, timers: Timers, idleMs: number) {
    this.#flow = flow;
    this.#answer = answer;
    this.#timers = timers;
    this.#idleMs = idleMs;
    this.#idle = timers.timer(() => flow.abort());
  }

  /** Answers until the peer has asked all, says nothing for too long, or breaks off. */
  async run(): Promise<void> {
    this.#restart();
    try {
      await this.#read();
      await Promise.all(this.#pending);
      await this.#flow[Symbol.asyncDispose]();
    } catch {
      // It was reset, by the peer or by our timer.
      this.#flow.abort();
    } finally {
      this.#idle.clear();
    }
  }

  #restart(): void {
    this.#idle.set(this.#timers.nowMs() + this.#idleMs);
  }

  async #read(): Promise<void> {
    const head = new Uint8Array(2);
    let into = head;
    let length = 0;
    for (let chunk = await this.#flow.read(); chunk !== undefined;) {
      const taken = chunk.subarray(0, into.length - length);
      into.set(taken, length);
      length += taken.length;
      chunk = chunk.subarray(taken.length);
      if (length === into.length) {
        length = 0;
        if (into === head) {
          into = new Uint8Array(word(head, 0));
        } else {
          await this.#take(into);
          into = head;
        }
        // A length of 0 is no message, and nothing that follows can be trusted.
        if (into.length === 0) return;
      }
      if (chunk.length === 0) chunk = await this.#flow.read();
    }
  }

  /** Begins with a message; waits where too many are under way. */
  async #take(message: Uint8Array): Promise<void> {
    this.#restart();
    const work = this.#reply(message).catch(() => this.#flow.abort());
    this.#pending.add(work);
    void work.then(() => this.#pending.delete(work));
    if (this.#pending.size >= maxPending) await Promise.race(this.#pending);
  }

  async #reply(message: Uint8Array): Promise<void> {
    const reply = await this.#answer(message);
    if (reply === undefined) return;
    const framed = new Uint8Array(2 + reply.length);
    framed.set([reply.length >>> 8, reply.length & 0xff]);
    framed.set(reply, 2);
    await this.#flow.write(framed);
    this.#restart();
  }
}
