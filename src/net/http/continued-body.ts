import type { BodyReader } from "./body.ts";
import type { Refusal } from "./refusal.ts";

/** A body whose sender waits to be told to go on (RFC 9110, 10.1.1): when it is first wanted. */
export class ContinuedBody implements BodyReader {
  /** Whether the sender was not told yet. */
  isWaiting = true;
  readonly #body: BodyReader;
  readonly #proceed: () => Promise<void>;

  constructor(body: BodyReader, proceed: () => Promise<void>) {
    this.#body = body;
    this.#proceed = proceed;
  }

  get byteCount(): number | undefined {
    return this.#body.byteCount;
  }

  get isEnded(): boolean {
    return this.#body.isEnded;
  }

  get refusal(): Refusal | undefined {
    return this.#body.refusal;
  }

  async read(): Promise<Uint8Array | undefined> {
    // Who sends its body all the same is not told.
    const bytes = this.#body.readNow();
    if (bytes !== undefined || !this.isWaiting) {
      this.isWaiting = false;
      return bytes ?? this.#body.read();
    }
    this.isWaiting = false;
    if (this.#body.refusal === undefined && !this.#body.isEnded) await this.#proceed();
    return this.#body.read();
  }

  readNow(): Uint8Array | undefined {
    const bytes = this.#body.readNow();
    if (bytes !== undefined) this.isWaiting = false;
    return bytes;
  }
}
