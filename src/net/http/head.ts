/**
 * Heads of messages (RFC 9112, 2 to 5), read as they arrive:
 *
 *     method SP request-target SP HTTP-version CRLF        HTTP-version SP status SP reason CRLF
 *     *( field-name ":" OWS field-value OWS CRLF )
 *     CRLF
 */

import { FieldLines, noFields, type FieldLimits, type Fields } from "./fields.ts";
import type { Refusal } from "./refusal.ts";
import { byte, isTokenByte, isValueByte, textOf } from "./syntax.ts";

/** How much a head may hold. */
export interface HeadLimits extends FieldLimits {
  /** Bytes of the first line, without its end. */
  readonly lineBytes: number;
}

/** What both kinds of messages have. */
interface MessageHead {
  /** Of HTTP/1: 0, or 1 for all that are later (RFC 9110, 2.5). */
  readonly minorVersion: 0 | 1;
  readonly fields: Fields;
}

/** The head of a request. */
export interface RequestHead extends MessageHead {
  /** A token; methods are case-sensitive. */
  readonly method: string;
  /** As it was sent: visible ASCII, not empty. */
  readonly target: string;
}

/** The head of a response. */
export interface ResponseHead extends MessageHead {
  /** 100–999. */
  readonly status: number;
  /** One code unit for each byte; may be empty. */
  readonly reason: string;
}

/** A head whose fields are yet to come. */
type Draft<Head extends MessageHead> = Omit<Head, "fields"> & { fields: Fields };

/** Reads a first line from `start` to `end`, where its CR is. */
type DecodeFirst<Head extends MessageHead> = (
  bytes: Uint8Array,
  start: number,
  end: number,
) => Draft<Head> | Refusal;

/**
 * Reads heads of one kind, one after the other. What it gives depends on the bytes alone, not on
 * how they were cut into pieces.
 */
export class HeadReader<Head extends MessageHead> {
  /** Bytes of the head that was given last, with its empty line. */
  byteCount = 0;
  readonly #limits: HeadLimits;
  readonly #lines: FieldLines;
  readonly #decodeFirst: DecodeFirst<Head>;
  readonly #skipsEmptyLine: boolean;
  #draft: Draft<Head> | undefined;
  /** Bytes of an empty line before the head. */
  #emptyBytes = 0;
  /** How far it was read, from its start on. */
  #at = 0;

  private constructor(limits: HeadLimits, decodeFirst: DecodeFirst<Head>, isRequest: boolean) {
    this.#limits = limits;
    this.#lines = new FieldLines(limits, !isRequest);
    this.#decodeFirst = decodeFirst;
    this.#skipsEmptyLine = isRequest;
  }

  /** Reads requests. One empty line before each is skipped (RFC 9112, 2.2). */
  static ofRequests(limits: HeadLimits): HeadReader<RequestHead> {
    return new HeadReader(limits, decodeRequestLine, true);
  }

  /** Reads responses. A value that goes on on further lines is put together (RFC 9112, 5.2). */
  static ofResponses(limits: HeadLimits): HeadReader<ResponseHead> {
    return new HeadReader(limits, decodeStatusLine, false);
  }

  /**
   * Goes on with the head that begins at `start` of `bytes` (*borrowed*, for as long as the head is
   * used) and has arrived up to `end`: the same bytes as last time, and more. Gives the head, or
   * what is wrong with it; `undefined` if there is more to come.
   */
  read(bytes: Uint8Array, start: number, end: number): Head | Refusal | undefined {
    if (this.#draft === undefined) {
      const refusal = this.#readFirst(bytes, start, end);
      if (refusal !== undefined) return refusal;
    }
    const draft = this.#draft;
    if (draft === undefined) return undefined;
    const stopped = this.#lines.take(bytes, start, start + this.#at, end);
    if (typeof stopped === "string") return stopped;
    this.#at = stopped - start;
    if (!this.#lines.isWhole) return undefined;
    draft.fields = this.#lines.finish(bytes, start);
    this.byteCount = this.#at;
    this.#draft = undefined;
    this.#at = this.#emptyBytes = 0;
    return draft as unknown as Head;
  }

  #readFirst(bytes: Uint8Array, start: number, end: number): Refusal | undefined {
    let from = start + this.#emptyBytes;
    let lineEnd = bytes.indexOf(byte.lf, from);
    if (this.#skipsEmptyLine && this.#emptyBytes === 0 && lineEnd === from + 1 && lineEnd < end) {
      if (bytes[from] === byte.cr) {
        this.#emptyBytes = 2;
        from += 2;
        lineEnd = bytes.indexOf(byte.lf, from);
      }
    }
    const isThere = lineEnd !== -1 && lineEnd < end;
    if ((isThere ? lineEnd - 1 : end - 1) - from > this.#limits.lineBytes) return "line-too-long";
    if (!isThere) return undefined;
    if (lineEnd === from || bytes[lineEnd - 1] !== byte.cr) return "bare-line-end";
    const first = this.#decodeFirst(bytes, from, lineEnd - 1);
    if (typeof first === "string") return first;
    this.#draft = first;
    this.#at = lineEnd + 1 - start;
    return undefined;
  }
}

function decodeRequestLine(
  bytes: Uint8Array,
  start: number,
  end: number,
): Draft<RequestHead> | Refusal {
  let at = start;
  while (isTokenByte[bytes[at] ?? 0] === 1) at += 1;
  const methodEnd = at;
  if (bytes[at] !== byte.space || methodEnd === start) return strayIn(bytes, at, end, "bad-method");
  at += 1;
  const targetStart = at;
  while (isVisible(bytes[at])) at += 1;
  if (at === end || targetStart === at) return "bad-request-line";
  if (bytes[at] !== byte.space) return strayIn(bytes, at, end, "bad-target");
  const minorVersion = decodeVersion(bytes, at + 1, end);
  if (typeof minorVersion === "string") return minorVersion;
  const method = textOf(bytes, start, methodEnd);
  return { method, target: textOf(bytes, targetStart, at), minorVersion, fields: noFields };
}

function decodeStatusLine(
  bytes: Uint8Array,
  start: number,
  end: number,
): Draft<ResponseHead> | Refusal {
  const minorVersion = decodeVersion(bytes, start, Math.min(end, start + 8));
  if (typeof minorVersion === "string") return minorVersion;
  const digits = textOf(bytes, start + 8, Math.min(end, start + 12));
  if (!/^ [1-9]\d\d$/.test(digits)) return strayIn(bytes, start + 8, end, "bad-status-line");
  // The space is missing where the reason is, with some servers.
  let at = start + 12;
  if (at < end && bytes[at] !== byte.space) return strayIn(bytes, at, end, "bad-status-line");
  while (at < end && isValueByte[bytes[at] ?? 0] === 1) at += 1;
  if (at < end) return strayIn(bytes, at, end, "bad-status-line");
  const status = Number(digits);
  const reason = textOf(bytes, Math.min(end, start + 13), end);
  return { status, reason, minorVersion, fields: noFields };
}

/** `HTTP/1.1`; all of HTTP/1 after it is read as it (RFC 9110, 2.5). */
function decodeVersion(bytes: Uint8Array, start: number, end: number): 0 | 1 | Refusal {
  const text = end - start === 8 ? textOf(bytes, start, end) : "";
  if (text === "HTTP/1.1") return 1;
  const [, major, minor] = /^HTTP\/(\d)\.(\d)$/.exec(text) ?? [];
  if (minor === undefined) return strayIn(bytes, start, end, "bad-version");
  if (major !== "1") return "unsupported-version";
  return minor === "0" ? 0 : 1;
}

/** What is wrong with a byte at or behind `at`: a CR that ends no line, or else `otherwise`. */
function strayIn(bytes: Uint8Array, at: number, end: number, otherwise: Refusal): Refusal {
  const stray = bytes.indexOf(byte.cr, at);
  return stray !== -1 && stray < end ? "bare-line-end" : otherwise;
}

function isVisible(code: number | undefined): boolean {
  return code !== undefined && code > byte.space && code < 0x7f;
}
