/** A body in messages: its chunks cross a port one by one, as they are asked for. */

import type { BodyMessage } from "./protocol.ts";

/** How many chunks are under way at most, so that neither side waits for each. */
const window = 4;

/** Sends a message, with what it gives away. */
export type Post = (message: BodyMessage, transfer: Transferable[]) => void;

/** The sending end of a body's stream. */
export class BodySource {
  readonly #id: number;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #post: Post;
  #granted = 0;
  #isReading = false;

  constructor(id: number, stream: ReadableStream<Uint8Array>, post: Post) {
    this.#id = id;
    this.#reader = stream.getReader();
    this.#post = post;
  }

  /** The other end has room for one chunk more. */
  pull(): void {
    this.#granted += 1;
    if (!this.#isReading) void this.#read();
  }

  /** The other end wants no more. */
  cancel(reason: string): void {
    this.#granted = 0;
    this.#reader.cancel(new Error(reason)).catch(() => {});
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    const id = this.#id;
    try {
      while (this.#granted > 0) {
        this.#granted -= 1;
        const { done, value } = await this.#reader.read();
        if (done) return this.#post({ type: "end", id }, []);
        const bytes = ownBytes(value);
        this.#post({ type: "chunk", id, bytes }, [bytes.buffer]);
      }
    } catch (error) {
      this.#post({ type: "abort", id, reason: messageOf(error) }, []);
    } finally {
      this.#isReading = false;
    }
  }
}

/** The receiving end of a body's stream. */
export class BodySink {
  /** What arrives. Cancelling it tells the other end. */
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  #controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>> | undefined;
  readonly #onEnd: () => void;

  /** `onEnd` is called once, when no more messages are due. */
  constructor(id: number, post: Post, onCancel: (reason: string) => void, onEnd: () => void) {
    this.#onEnd = onEnd;
    const pull = (): void => post({ type: "pull", id }, []);
    this.stream = new ReadableStream(
      {
        start: (controller) => {
          this.#controller = controller;
          for (let chunks = 1; chunks < window; chunks += 1) pull();
        },
        pull,
        cancel: (reason: unknown) => {
          this.#finish();
          onCancel(messageOf(reason));
        },
      },
      // Each chunk that is taken out of a queue that is not full grants one more.
      { highWaterMark: window },
    );
  }

  /** Takes a message of this body. */
  receive(message: BodyMessage): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    if (message.type === "chunk") controller.enqueue(ownBytes(message.bytes));
    else if (message.type === "end") {
      this.#finish();
      controller.close();
    } else if (message.type === "abort") this.fail(message.reason);
  }

  /** Breaks the stream off: nobody must take what came for all of it. */
  fail(reason: string): void {
    const controller = this.#controller;
    if (controller === undefined) return;
    this.#finish();
    controller.error(new TypeError(reason));
  }

  #finish(): void {
    this.#controller = undefined;
    this.#onEnd();
  }
}

/** Bytes in a buffer of exactly their size: all of a buffer is cloned for a view of it. */
export function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const { buffer, byteLength } = bytes;
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) {
    return bytes as Uint8Array<ArrayBuffer>;
  }
  return bytes.slice();
}

function messageOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : "The body was cancelled";
}
