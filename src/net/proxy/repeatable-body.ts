/** A body of a request that can be sent again, as far as it is kept. */

/** A body that is read once, and sent to one server after the other. */
export class RepeatableBody {
  /** Whether all that was read of it is kept. */
  isRepeatable = true;
  /** What reading it failed with: it is the client that has failed then. */
  failure: { readonly error: unknown } | undefined;
  byteCount = 0;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>;
  readonly #keptBytes: number;
  #kept: Uint8Array<ArrayBuffer>[] = [];
  #isEnded = false;
  #reading: Promise<Uint8Array<ArrayBuffer> | undefined> | undefined;

  /** Keeps up to `keptBytes`. */
  constructor(body: ReadableStream<Uint8Array<ArrayBuffer>>, keptBytes: number) {
    this.#reader = body.getReader();
    this.#keptBytes = keptBytes;
  }

  /** All of it, from its beginning, if it {@link RepeatableBody.isRepeatable}. */
  stream(): ReadableStream<Uint8Array<ArrayBuffer>> {
    let at = 0;
    return new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        pull: async (controller) => {
          const bytes = this.#kept[at] ?? (await this.#read());
          at += 1;
          if (bytes === undefined) controller.close();
          else controller.enqueue(bytes);
        },
      },
      { highWaterMark: 0 },
    );
  }

  /** One read at a time: who was given up may still wait for it. */
  #read(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    this.#reading ??= this.#readNext().finally(() => (this.#reading = undefined));
    return this.#reading;
  }

  async #readNext(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    if (this.#isEnded) return undefined;
    try {
      const { done, value } = await this.#reader.read();
      if (done) this.#isEnded = true;
      else this.#keep(value);
      return value;
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }

  #keep(bytes: Uint8Array<ArrayBuffer>): void {
    this.byteCount += bytes.length;
    if (!this.isRepeatable) return;
    // A copy: these bytes may be few of a large buffer.
    if (this.byteCount <= this.#keptBytes) this.#kept.push(new Uint8Array(bytes));
    else {
      this.isRepeatable = false;
      this.#kept = [];
    }
  }
}
