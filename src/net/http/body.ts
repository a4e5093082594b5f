/** Bodies as they arrive (RFC 9112, 6). */

import { ChunkedDecoder } from "./chunked.ts";
import type { FieldLimits } from "./fields.ts";
import type { FlowReader } from "./flow-reader.ts";
import type { Framing } from "./framing.ts";
import { refusalError, type Refusal } from "./refusal.ts";

/** How much a body may hold. */
export interface BodyLimits extends FieldLimits {
  /** Bytes of its data; `Infinity` for any number. */
  readonly bodyBytes: number;
  /** The longest time without a byte, in milliseconds. */
  readonly bodyTimeoutMs: number;
  /**
   * Bytes that must come for each second of waiting, once that has taken as long in all; 0, as by
   * default, for a sender who may take its time.
   */
  readonly bodyBytesPerSecond?: number;
}

/** A body that is being read. */
export interface BodyReader {
  /** Bytes that it has in all; `undefined` if nobody knows yet. */
  readonly byteCount: number | undefined;
  /** Whether all of it was read: what follows in the flow is another message. */
  readonly isEnded: boolean;
  /**
   * What was wrong with it. Nothing more can be read from the flow then: where the next message
   * begins is not known.
   */
  readonly refusal: Refusal | undefined;

  /**
   * Resolves to the next bytes, at least one, or `undefined` at the end; the caller owns them, but
   * not all of their buffer. One read at a time.
   *
   * @throws {HttpError} `malformed`, also for a body that was cut off; `too-large`, `timed-out`
   * @throws {FlowError} as {@link Flow.read}
   */
  read(): Promise<Uint8Array | undefined>;

  /** What {@link BodyReader.read} would give, if it is at hand: for those who want no promise. */
  readNow(): Uint8Array | undefined;
}

/** The body that `framing` describes; `tunnel` and `none` have no bytes. */
export function bodyOf(framing: Framing, reader: FlowReader, limits: BodyLimits): BodyReader {
  if (framing.kind === "none" || framing.kind === "tunnel") return emptyBody;
  const body = new FlowBody(framing, reader, limits);
  if ((body.byteCount ?? 0) > limits.bodyBytes) body.refusal = "body-too-large";
  return body;
}

/** A body without bytes. */
export const emptyBody: BodyReader = {
  byteCount: 0,
  isEnded: true,
  refusal: undefined,
  read: () => Promise.resolve(undefined),
  readNow: () => undefined,
};

class FlowBody implements BodyReader {
  readonly byteCount: number | undefined;
  isEnded = false;
  refusal: Refusal | undefined;
  readonly #reader: FlowReader;
  readonly #limits: BodyLimits;
  readonly #decoder: ChunkedDecoder | undefined;
  /** Bytes that may still come, by length or by limit. */
  #left: number;
  #endsWithFlow: boolean;
  /** Bytes that have come, and how long was waited for them: not the time of who reads them. */
  #receivedBytes = 0;
  #waitedMs = 0;

  constructor(framing: Framing, reader: FlowReader, limits: BodyLimits) {
    this.#reader = reader;
    this.#limits = limits;
    this.#endsWithFlow = framing.kind === "until-close";
    this.#decoder = framing.kind === "chunked" ? new ChunkedDecoder(limits) : undefined;
    this.byteCount = framing.kind === "length" ? framing.byteCount : undefined;
    this.#left = this.byteCount ?? limits.bodyBytes;
    this.isEnded = this.#left === 0 && this.byteCount === 0;
  }

  read(): Promise<Uint8Array | undefined> {
    const bytes = this.readNow();
    if (bytes !== undefined) return Promise.resolve(bytes);
    if (this.refusal !== undefined) return Promise.reject(refusalError(this.refusal));
    return this.isEnded ? Promise.resolve(undefined) : this.#readMore();
  }

  readNow(): Uint8Array | undefined {
    if (this.isEnded || this.refusal !== undefined) return undefined;
    if (this.#decoder !== undefined) return this.#decode(this.#decoder);
    const wanted = this.byteCount === undefined ? Infinity : this.#left;
    return this.#count(this.#reader.take(wanted));
  }

  /** Waits for bytes, for as long as one may wait for the next. */
  async #readMore(): Promise<Uint8Array | undefined> {
    const reader = this.#reader;
    for (;;) {
      const sinceMs = reader.nowMs;
      reader.setPatience(this.#patienceMs());
      const isMore = await this.#more();
      this.#waitedMs += reader.nowMs - sinceMs;
      if (!isMore && this.#endsWithFlow) this.isEnded = true;
      else if (!isMore) this.refusal ??= "cut-off";
      const bytes = this.readNow();
      if (bytes === undefined && this.refusal === undefined && !this.isEnded) continue;
      reader.setPatience(Infinity);
      if (bytes === undefined && this.refusal !== undefined) throw refusalError(this.refusal);
      return bytes;
    }
  }

  /** For how long to wait for the next bytes: one each now and then is none. */
  #patienceMs(): number {
    const { bodyTimeoutMs, bodyBytesPerSecond = 0 } = this.#limits;
    if (bodyBytesPerSecond === 0) return bodyTimeoutMs;
    const earnedMs = (1000 * this.#receivedBytes) / bodyBytesPerSecond;
    return Math.max(0, bodyTimeoutMs + Math.min(0, earnedMs - this.#waitedMs));
  }

  async #more(): Promise<boolean> {
    try {
      return await this.#reader.more();
    } catch (error) {
      this.refusal ??= this.#reader.isLate ? "body-timed-out" : "cut-off";
      throw error;
    }
  }

  #decode(decoder: ChunkedDecoder): Uint8Array | undefined {
    const reader = this.#reader;
    const data = decoder.decode(reader.buffer, reader.start, reader.end);
    reader.consume(decoder.at - reader.start);
    this.isEnded = decoder.isEnded;
    this.refusal = decoder.refusal;
    return this.#count(data);
  }

  /** Counts bytes against the length or the limit. */
  #count(bytes: Uint8Array | undefined): Uint8Array | undefined {
    if (bytes === undefined) return undefined;
    this.#receivedBytes += bytes.length;
    this.#left -= bytes.length;
    if (this.#left < 0) {
      this.refusal = "body-too-large";
      return undefined;
    }
    if (this.byteCount !== undefined && this.#left === 0) this.isEnded = true;
    return bytes;
  }
}

/**
 * Reads what is left of a body and drops it, up to `maxBytes`. Resolves to whether the next message
 * can be read; never rejects.
 */
export async function drain(body: BodyReader, maxBytes: number): Promise<boolean> {
  let left = maxBytes;
  if (body.byteCount !== undefined && body.byteCount > maxBytes && !body.isEnded) return false;
  try {
    while (!body.isEnded) {
      const bytes = await body.read();
      left -= bytes?.length ?? 0;
      if (left < 0) return false;
    }
  } catch {
    return false;
  }
  return true;
}

/** Reads all of a body into one piece, *fresh* with all of its buffer. */
export async function readWhole(body: BodyReader): Promise<Uint8Array<ArrayBuffer>> {
  const first = body.isEnded ? undefined : await body.read();
  if (first === undefined) return new Uint8Array(0);
  if (body.isEnded) return new Uint8Array(first);
  // Room grows with what has arrived, not with what was announced; a list of small chunks would
  // take many times the memory of their bytes.
  let room = new Uint8Array(Math.min(2 * first.length, body.byteCount ?? Infinity));
  let byteCount = 0;
  for (let chunk: Uint8Array | undefined = first; chunk !== undefined; chunk = await body.read()) {
    const needed = byteCount + chunk.length;
    if (needed > room.length) {
      const larger = new Uint8Array(Math.min(2 * needed, body.byteCount ?? Infinity));
      larger.set(room.subarray(0, byteCount));
      room = larger;
    }
    room.set(chunk, byteCount);
    byteCount = needed;
  }
  return byteCount === room.length ? room : room.slice(0, byteCount);
}
