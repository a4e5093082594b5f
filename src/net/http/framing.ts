/** Where the body of a message ends (RFC 9112, 6.3). */

import type { Fields } from "./fields.ts";
import type { RequestHead, ResponseHead } from "./head.ts";
import type { Refusal } from "./refusal.ts";

/** How the body of a message is delimited. */
export type Framing =
  | { readonly kind: "none" }
  /** `byteCount` is a non-negative safe integer. */
  | { readonly kind: "length"; readonly byteCount: number }
  | { readonly kind: "chunked" }
  /** It ends with the connection. */
  | { readonly kind: "until-close" }
  /** What follows is no body: the connection is a tunnel. */
  | { readonly kind: "tunnel" };

const none: Framing = { kind: "none" };
const chunked: Framing = { kind: "chunked" };

/** What body a request has, or why it must be refused and the connection closed. */
export function requestFraming({ minorVersion, fields }: RequestHead): Framing | Refusal {
  return declaredFraming(minorVersion, fields) ?? none;
}

/** What body a response to a request with `method` has, or why it cannot be told. */
export function responseFraming(
  { status, minorVersion, fields }: ResponseHead,
  method: string,
): Framing | Refusal {
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return none;
  if (method === "CONNECT" && status < 300) return { kind: "tunnel" };
  return declaredFraming(minorVersion, fields) ?? { kind: "until-close" };
}

/**
 * What the fields say. Two that say the same are refused like two that differ: whoever else reads
 * the message may not take them as one.
 */
function declaredFraming(minorVersion: 0 | 1, fields: Fields): Framing | Refusal | undefined {
  const lengths = fields.countOf("content-length");
  const codings = fields.get("transfer-encoding");
  if (codings === undefined) {
    if (lengths === 0) return undefined;
    return lengths > 1 ? "two-lengths" : lengthFraming(fields.get("content-length") ?? "");
  }
  if (lengths > 0) return "two-lengths";
  // HTTP/1.0 has no codings: who sends one through it cannot be trusted (RFC 9112, 6.1).
  if (minorVersion === 0) return "bad-transfer-encoding";
  const lower = codings.toLowerCase();
  if (lower === "chunked") return chunked;
  const names = lower.split(",").map((name) => name.replace(/^[ \t]+|[ \t]+$/g, ""));
  if (names.pop() !== "chunked" || names.includes("chunked")) return "bad-transfer-encoding";
  return names.includes("") ? "bad-transfer-encoding" : "unknown-transfer-coding";
}

function lengthFraming(text: string): Framing | Refusal {
  if (text.includes(",")) return "two-lengths";
  if (!/^\d+$/.test(text)) return "bad-content-length";
  const byteCount = Number(text);
  return Number.isSafeInteger(byteCount) ? { kind: "length", byteCount } : "body-too-large";
}
