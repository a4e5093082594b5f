/** Parts of messages between those who receive them: a queue that says when it is full. */

import type { MessagePart } from "./frame-parser.ts";

type Part = Pick<MessagePart, "bytes" | "isLast" | "isText">;

interface Waiter<Value> {
  resolve(value: Value): void;
  reject(reason: unknown): void;
}

/** What an entry takes beside its bytes: many small ones fill the queue too. */
const entryBytes = 128;

/** Up to this many bytes are copied, so that they do not keep all that arrived with them. */
const copiedBytes = 4096;

/** The parts that arrived and that nobody took yet. */
export class Incoming {
  readonly #maxBytes: number;
  readonly #parts: Part[] = [];
  #bytes = 0;
  #reader: Waiter<Part | undefined> | undefined;
  #whenRoom: (() => void) | undefined;
  #end: { readonly error: unknown } | undefined;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether there is more than should be here; what comes nevertheless is taken. */
  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes;
  }

  /** Resolves when it is no longer full, or has ended. One waits at a time. */
  room(): Promise<void> {
    if (!this.isFull || this.#end !== undefined) return Promise.resolve();
    return new Promise((resolve) => (this.#whenRoom = resolve));
  }

  push({ bytes, isLast, isText }: Part): void {
    if (this.#end !== undefined) return;
    const reader = this.#reader;
    if (reader !== undefined) {
      this.#reader = undefined;
      reader.resolve({ bytes, isLast, isText });
      return;
    }
    const kept = bytes.length <= copiedBytes ? bytes.slice() : bytes;
    this.#parts.push({ bytes: kept, isLast, isText });
    this.#bytes += kept.length + entryBytes;
  }

  /** Nothing more comes: what is here can be taken, then reads reject with `error`, if any. */
  end(error: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { error };
    const reader = this.#reader;
    this.#reader = undefined;
    if (error === undefined) reader?.resolve(undefined);
    else reader?.reject(error);
    this.#whenRoom?.();
  }

  /** Resolves to the next part, or `undefined` at the end. One reads at a time. */
  next(signal: AbortSignal | undefined): Promise<Part | undefined> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    const part = this.#parts.shift();
    if (part !== undefined) {
      this.#bytes -= part.bytes.length + entryBytes;
      if (!this.isFull) this.#makeRoom();
      return Promise.resolve(part);
    }
    if (this.#end === undefined) return this.#wait(signal);
    const { error } = this.#end;
    return error === undefined ? Promise.resolve(undefined) : Promise.reject(error);
  }

  #makeRoom(): void {
    const resolve = this.#whenRoom;
    this.#whenRoom = undefined;
    resolve?.();
  }

  #wait(signal: AbortSignal | undefined): Promise<Part | undefined> {
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#reader = undefined;
        reject(signal?.reason);
      };
      signal?.addEventListener("abort", abort, { once: true });
      const done = (settle: () => void): void => {
        signal?.removeEventListener("abort", abort);
        settle();
      };
      this.#reader = {
        resolve: (part) => done(() => resolve(part)),
        reject: (reason) => done(() => reject(reason)),
      };
    });
  }
}
