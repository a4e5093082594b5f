/** What a server writes before the body of an answer. */

import type { HeadWriter } from "./head-writer.ts";
import { reasonOf } from "./reasons.ts";

/** What is known of an answer beside what its handler said. */
export interface AnswerFraming {
  /** The line of its `Date`. */
  readonly dateLine: string;
  /** Bytes of the body, if that is what delimits it, or would if it were sent. */
  readonly byteCount: number | undefined;
  readonly isChunked: boolean;
  /** What to say of the connection, if anything. */
  readonly connection: "close" | "keep-alive" | undefined;
}

/** Fields that the server decides about, by length. */
const managed: readonly (readonly string[] | undefined)[] = Object.assign([], {
  7: ["trailer"],
  10: ["connection", "keep-alive"],
  14: ["content-length"],
  17: ["transfer-encoding"],
});

/** First lines with the usual reason. */
const statusLines = new Map<number, string>();

/**
 * Writes the head of an answer. Of `fields`, names and values in turn, those that delimit the
 * message or are about the connection are left out: they follow from `framing`.
 *
 * @throws {TypeError} if something is not allowed in a head; part of it may have been written
 */
export function writeResponseHead(
  writer: HeadWriter,
  status: number,
  statusText: string,
  fields: readonly string[],
  framing: AnswerFraming,
): void {
  if (statusText === "") writer.text(statusLineOf(status));
  else writer.statusLine(status, statusText);
  let hasDate = false;
  let connection: string | undefined = framing.connection;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? "";
    if (managed[name.length]?.includes(name.toLowerCase()) === true) continue;
    if (name.length === 4 && name.toLowerCase() === "date") hasDate = true;
    // It is of this connection, and must be named as such (RFC 9110, 7.8).
    if (name.length === 7 && name.toLowerCase() === "upgrade") {
      connection = connection === undefined ? "upgrade" : `${connection}, upgrade`;
    }
    writer.field(name, fields[at + 1] ?? "");
  }
  if (!hasDate) writer.text(framing.dateLine);
  if (connection !== undefined) writer.text(`connection: ${connection}\r\n`);
  if (framing.isChunked) writer.text("transfer-encoding: chunked\r\n");
  if (framing.byteCount !== undefined) writer.text(`content-length: ${framing.byteCount}\r\n`);
  writer.endHead();
}

/**
 * Writes the head that says yes to another protocol (RFC 9110, 7.8).
 *
 * @throws {TypeError} if a field is not allowed; nothing was written
 */
export function writeUpgradeHead(writer: HeadWriter, headers: Headers): void {
  const mark = writer.byteCount;
  try {
    writer.text(statusLineOf(101));
    if (!headers.has("connection")) writer.field("connection", "upgrade");
    for (const [name, value] of headers) writer.field(name, value);
    writer.endHead();
  } catch (error) {
    writer.truncate(mark);
    throw error;
  }
}

/** The value of a field that a handler set, the last one if there are many. */
export function fieldOf(fields: readonly string[], wanted: string): string | undefined {
  let value: string | undefined;
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] ?? "";
    if (name.length === wanted.length && name.toLowerCase() === wanted) value = fields[at + 1];
  }
  return value;
}

function statusLineOf(status: number): string {
  const known = statusLines.get(status);
  if (known !== undefined) return known;
  const line = `HTTP/1.1 ${status} ${reasonOf(status)}\r\n`;
  statusLines.set(status, line);
  return line;
}
