/** Why a message was not taken, or a connection was not kept: a closed set. */

import { HttpError, type HttpErrorCode } from "../../devices/errors.ts";

/** What is wrong, and the status that tells a client so (RFC 9110, 15.5 and 15.6). */
export const refusalStatus = {
  /** CR or LF alone (RFC 9112, 2.2). */
  "bare-line-end": 400,
  /** Not three parts with one space between them. */
  "bad-request-line": 400,
  "bad-method": 400,
  "bad-target": 400,
  "bad-version": 400,
  "unsupported-version": 505,
  /** Of a response. */
  "bad-status-line": 400,
  /** No name, bytes that are none of a token, or space before the colon (RFC 9112, 5.1). */
  "bad-field-name": 400,
  /** A control byte. */
  "bad-field-value": 400,
  /** A line that goes on in the next (RFC 9112, 5.2). */
  "folded-field": 400,
  "line-too-long": 414,
  "fields-too-large": 431,
  "too-many-fields": 431,
  "bad-host": 400,
  "bad-content-length": 400,
  "bad-transfer-encoding": 400,
  /** Two answers to where the body ends: smuggling begins so (RFC 9112, 6.3). */
  "two-lengths": 400,
  "unknown-transfer-coding": 501,
  "unknown-expectation": 417,
  "bad-chunk": 400,
  "chunk-line-too-long": 400,
  "body-too-large": 413,
  /** The connection ended within a message. */
  "cut-off": 400,
  "no-tunnel": 501,
  "head-timed-out": 408,
  "body-timed-out": 408,
} as const;

/** What is wrong with a message. */
export type Refusal = keyof typeof refusalStatus;

const tooLarge: ReadonlySet<Refusal> = new Set<Refusal>([
  "line-too-long",
  "fields-too-large",
  "too-many-fields",
  "chunk-line-too-long",
  "body-too-large",
]);

function codeOf(refusal: Refusal): HttpErrorCode {
  if (tooLarge.has(refusal)) return "too-large";
  return refusal.endsWith("timed-out") ? "timed-out" : "malformed";
}

/** The error of somebody who reads a message. */
export function refusalError(refusal: Refusal): HttpError {
  return new HttpError(codeOf(refusal), `Cannot read the message: ${refusal.replaceAll("-", " ")}`);
}
