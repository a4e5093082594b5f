/** A request that was sent, and the body of its response. */

import { HttpError } from "../../devices/errors.ts";
import { bodyAtHand, type ByteSource } from "./client-body.ts";
import type { ClientConnection, ReceivedResponse } from "./client-connection.ts";
import type { ClientPool, Stoppable } from "./client-pool.ts";
import { noBody, type OutgoingBody } from "./client-request.ts";
import type { Upload } from "./client-upload.ts";

/** One call of `fetch()`, from the request to the last byte of the response. */
export class Call implements Stoppable {
  stop: ((reason: unknown) => void) | undefined;
  /** What is sent. */
  body: OutgoingBody = noBody;
  /** Why it was stopped. */
  failure: { readonly reason: unknown } | undefined;
  readonly #signal: AbortSignal;
  readonly #calls: Set<Call>;

  /** @throws the signal's reason, if it has aborted */
  constructor(signal: AbortSignal, calls: Set<Call>) {
    signal.throwIfAborted();
    this.#signal = signal;
    this.#calls = calls;
    signal.addEventListener("abort", this.#abort, { once: true });
    calls.add(this);
  }

  /** Stops what is under way, and everything that comes later. */
  fail(reason: unknown): void {
    this.failure ??= { reason };
    this.stop?.(reason);
  }

  /** It is over. */
  end(): void {
    this.stop = undefined;
    this.#signal.removeEventListener("abort", this.#abort);
    this.#calls.delete(this);
  }

  /** What the caller is told instead of `error`. */
  errorFor(error: unknown): unknown {
    if (this.failure !== undefined) return this.failure.reason;
    if (error instanceof HttpError || error instanceof TypeError) return error;
    const { message } = error as Error;
    return new HttpError("connection-failed", `Cannot finish the request: ${message}`, {
      cause: error,
    });
  }

  readonly #abort = (): void => this.fail(this.#signal.reason);
}

/** A response whose head is there. */
export class Exchange implements ByteSource {
  readonly received: ReceivedResponse;
  readonly #connection: ClientConnection;
  readonly #pool: ClientPool;
  readonly #call: Call;
  readonly #upload: Upload | undefined;
  /** Whether the request went out as a whole, or never will. */
  readonly #isSent: boolean;
  /** What was at hand, and nobody has read. */
  readonly #early: Uint8Array[] = [];
  #failure: { readonly error: unknown } | undefined;
  #isOver = false;
  /** Whether the call is over when this is. */
  #isLast = true;

  /** `upload` is what may still be sent; `isRefused` says that the body was not wanted. */
  constructor(
    received: ReceivedResponse,
    connection: ClientConnection,
    pool: ClientPool,
    call: Call,
    upload: Upload | undefined,
    isRefused: boolean,
  ) {
    this.received = received;
    this.#connection = connection;
    this.#pool = pool;
    this.#call = call;
    this.#upload = upload;
    this.#isSent = !isRefused;
    call.stop = (reason) => {
      this.#failure = { error: reason };
      this.cancel();
    };
  }

  /** All of the body, if it is there: the connection is then free. */
  whole(): Uint8Array | undefined {
    const whole = bodyAtHand(this.received.body, this.#early);
    if (whole !== undefined) this.#finish();
    return whole;
  }

  async read(): Promise<Uint8Array | undefined> {
    const early = this.#early.shift();
    if (early !== undefined) return early;
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#isOver) return undefined;
    try {
      const bytes = await this.received.body.read();
      if (this.received.body.isEnded) this.#finish();
      return bytes;
    } catch (error) {
      this.#failure ??= { error: this.#call.errorFor(this.#upload?.failure?.error ?? error) };
      this.cancel();
      throw this.#failure.error;
    }
  }

  /** Reads what little there is of a body that nobody wants, and drops more. */
  async discard(maxBytes: number): Promise<void> {
    this.#isLast = false;
    if (this.whole() !== undefined) return;
    let left = maxBytes;
    try {
      while (left > 0 && !this.#isOver) left -= (await this.read())?.length ?? 0;
    } catch {
      // It was dropped then.
    }
    this.cancel();
  }

  /** Drops the connection with what is still to come. */
  cancel(): void {
    this.#early.length = 0;
    if (this.#isOver) return;
    this.#isOver = true;
    this.#upload?.stop();
    this.#connection.abort();
    this.#pool.drop(this.#connection);
    if (this.#isLast) this.#call.end();
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const isSent = this.#isSent && this.#upload?.isSent !== false;
    this.#upload?.stop();
    if (!isSent) this.#connection.abort();
    if (isSent && this.#connection.canRest(this.received)) this.#pool.release(this.#connection);
    else this.#pool.drop(this.#connection);
    if (this.#isLast) this.#call.end();
  }
}
