/** How a server sends its answers. */

import { FlowError } from "../../devices/errors.ts";
import { chunkedBodyWriter, plainBodyWriter, type BodyWriter } from "./body-writer.ts";
import type { RequestHead } from "./head.ts";
import type { HttpDate } from "./http-date.ts";
import { gatherBytes } from "./limits.ts";
import { piecesOf, type Output } from "./output.ts";
import type { ResponseParts, WholeBody } from "./realm.ts";
import { reasonOf } from "./reasons.ts";
import { fieldOf, writeResponseHead } from "./response-head.ts";

const encoder = new TextEncoder();

/** Sends answers on one connection, each for a request with `head`. */
export class Answers {
  /** Whether another request may follow. */
  isKept = true;
  readonly #output: Output;
  readonly #date: HttpDate;

  constructor(output: Output, date: HttpDate) {
    this.#output = output;
    this.#date = date;
  }

  /**
   * Gathers an answer whose body is there, and sends it if it is large.
   *
   * @throws {TypeError} if something of it is not allowed in a head
   */
  async sendWhole(head: RequestHead, parts: ResponseParts, body: WholeBody): Promise<void> {
    const { status } = parts;
    const { writer } = this.#output;
    const isShortText = typeof body === "string" && body.length < gatherBytes && isAscii(body);
    const bytes = typeof body === "string" && !isShortText ? encoder.encode(body) : body;
    const byteCount = bytes?.length ?? 0;
    const isHead = head.method === "HEAD";
    // What HEAD is answered may say how long the body would be, and have none.
    const saidBytes = isHead && byteCount === 0 ? lengthIn(parts.fields) : byteCount;
    this.#writeHead(head, parts, isBodiless(status) ? undefined : saidBytes, false);
    if (bytes === undefined || isHead) return;
    if (typeof bytes === "string") writer.text(bytes);
    else if (byteCount < gatherBytes) writer.bytes(bytes);
    else await this.#output.flushWith(bytes);
  }

  /**
   * Gathers the head before a stream. Gives what writes the stream, or nothing if it has no body.
   *
   * @throws {TypeError} if something of it is not allowed in a head
   */
  beginStream(head: RequestHead, parts: ResponseParts): BodyWriter | undefined {
    const { status, fields } = parts;
    const byteCount = lengthIn(fields);
    const isChunked = byteCount === undefined && head.minorVersion === 1;
    // A client of HTTP/1.0 knows no other end than that of the connection.
    if (byteCount === undefined && !isChunked) this.isKept = false;
    if (isBodiless(status)) this.#writeHead(head, parts, undefined, false);
    else this.#writeHead(head, parts, byteCount, isChunked);
    if (isBodiless(status) || head.method === "HEAD") return undefined;
    const { flow } = this.#output;
    return isChunked ? chunkedBodyWriter(flow) : plainBodyWriter(flow, byteCount);
  }

  /**
   * Sends what was gathered, and a stream behind it, until `isOver`.
   *
   * @throws what the stream fails with
   * @throws {RangeError} if it is not as long as its head says
   * @throws {FlowError} as {@link Flow.write}, and if it was over before the stream was
   */
  async sendStream(
    source: ReadableStreamDefaultReader<Uint8Array>,
    writer: BodyWriter,
    isOver: () => boolean,
  ): Promise<void> {
    await this.#output.flush();
    for (let next = await source.read(); !next.done; next = await source.read()) {
      if (!(next.value instanceof Uint8Array)) {
        throw new TypeError("Cannot send the response: its stream gave no bytes");
      }
      for (const piece of piecesOf(next.value)) await this.#output.untilRoom(writer.write(piece));
    }
    if (isOver()) throw new FlowError("reset", "Cannot send the response: its client is gone");
    await writer.end();
  }

  /** Gathers an answer of the server's own. Without a head, the request could not be read. */
  sendShort(head: RequestHead | undefined, status: number, why?: string): void {
    const text = `${status} ${reasonOf(status)}${why === undefined ? "" : `: ${why}`}\n`;
    const fields = isBodiless(status) ? [] : plainText;
    const parts = { status, statusText: "", fields, body: undefined };
    this.#writeHead(head, parts, isBodiless(status) ? undefined : text.length, false);
    if (!isBodiless(status) && head?.method !== "HEAD") this.#output.writer.text(text);
  }

  #writeHead(
    head: RequestHead | undefined,
    { status, statusText, fields }: ResponseParts,
    byteCount: number | undefined,
    isChunked: boolean,
  ): void {
    const isOld = head?.minorVersion === 0;
    const connection = this.isKept ? (isOld ? "keep-alive" : undefined) : "close";
    const framing = { dateLine: this.#date.line, byteCount, isChunked, connection } as const;
    writeResponseHead(this.#output.writer, status, statusText, fields, framing);
  }
}

const plainText: readonly string[] = ["content-type", "text/plain;charset=UTF-8"];

/** Whether answers with a status have no body, whatever their fields say (RFC 9112, 6.3). */
function isBodiless(status: number): boolean {
  return status === 204 || status === 304;
}

/** The length that a handler declared. */
function lengthIn(fields: readonly string[]): number | undefined {
  const text = fieldOf(fields, "content-length");
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new TypeError(`Cannot send the response: "${text}" is no length`);
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
