/** Why a proxy has no answer of a server, and what it says then. */

import { HttpError, ProtocolError } from "../../devices/errors.ts";
import { isUnsent } from "../http/client-pool.ts";
import { reasonOf } from "../http/reasons.ts";
import { type Backend, nameOf } from "./backends.ts";

/** An answer of the proxy's own. */
export interface ProxyFailure {
  readonly status: number;
  /** Which server, and why. */
  readonly why: string;
  readonly retryAfterSeconds?: number;
}

/** There is no server that could be asked. */
export function noneIsUp(all: readonly Backend[], retryAfterSeconds: number): ProxyFailure {
  const names = all.map(({ address }) => nameOf(address)).join(", ");
  return { status: 503, why: `No server is up of ${names}`, retryAfterSeconds };
}

/** What went wrong with a server, in a proxy's words (RFC 9110, 15.6). */
export function failureOf(error: unknown, { address }: Backend): ProxyFailure {
  const { message, cause } = error as Error;
  const causeText = cause instanceof Error && !message.includes(cause.message) ? cause.message : "";
  const text = causeText === "" ? message : `${message}: ${causeText}`;
  return { status: statusOf(error, cause), why: `${nameOf(address)} does not answer: ${text}` };
}

function statusOf(error: unknown, cause: unknown): number {
  if (!(error instanceof HttpError)) return 502;
  if (error.code === "timed-out") return 504;
  if (isCrowded(error)) return 503;
  const isLate = cause instanceof ProtocolError && cause.code === "timed-out";
  return isLate ? 504 : 502;
}

/** Whether a server can be blamed for it. */
export function isFault(error: unknown): boolean {
  return error instanceof HttpError && error.code !== "closed" && !isCrowded(error);
}

/** Whether too many wait for a connection already. */
function isCrowded(error: HttpError): boolean {
  return error.code === "connection-failed" && isUnsent(error) && error.cause === undefined;
}

/**
 * Whether another server may be asked: nothing was sent, or a server has gone without an answer and
 * the request has the same effect when it is made twice (RFC 9110, 9.2.2).
 */
export function mayRepeat(error: unknown, method: string): boolean {
  if (isUnsent(error)) return true;
  const isIdempotent = /^(?:GET|HEAD|OPTIONS|TRACE|PUT|DELETE)$/.test(method);
  return isIdempotent && error instanceof HttpError && error.code === "connection-failed";
}

/** The answer to a client. */
export function answerOf({ status, why, retryAfterSeconds }: ProxyFailure): Response {
  const headers: [string, string][] = [
    ["content-type", "text/plain;charset=UTF-8"],
    ["cache-control", "no-store"],
  ];
  if (retryAfterSeconds !== undefined) headers.push(["retry-after", `${retryAfterSeconds}`]);
  return new Response(`${status} ${reasonOf(status)}: ${why}\n`, { status, headers });
}
