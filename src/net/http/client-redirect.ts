/** Redirects, as the Fetch standard has them (HTTP-redirect fetch; RFC 9110, 15.4). */

import { HttpError } from "../../devices/errors.ts";
import { noBody, type OutgoingRequest } from "./client-request.ts";
import type { ResponseHead } from "./head.ts";

/** As many may follow one another. */
export const maxRedirectCount = 20;

const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** What describes a body, and goes with it. */
const bodyFields = [
  "content-encoding",
  "content-language",
  "content-location",
  "content-type",
] as const;

/** What is told to one origin alone. */
const secretFields = ["authorization", "cookie", "proxy-authorization"] as const;

/**
 * The request that a response leads to, or `undefined` if it is no redirect.
 *
 * @throws {HttpError} `malformed` if it leads nowhere, `connection-failed` if the body cannot be
 *   sent again
 */
export function redirectOf(
  request: OutgoingRequest,
  { status, fields }: ResponseHead,
): OutgoingRequest | undefined {
  if (!redirects.has(status)) return undefined;
  const location = fields.get("location");
  if (location === undefined) return undefined;
  const url = resolved(location, request.url);
  const { method } = request;
  const becomesGet =
    (status === 303 && method !== "GET" && method !== "HEAD") ||
    (status < 303 && method === "POST");
  if (!becomesGet && request.body.kind === "stream") {
    throw new HttpError(
      "connection-failed",
      `Cannot follow to ${url.href}: the body is a stream, and cannot be sent again`,
    );
  }
  const headers = new Headers(request.headers);
  if (becomesGet) for (const name of bodyFields) headers.delete(name);
  if (url.host !== request.url.host || url.protocol !== request.url.protocol) {
    for (const name of secretFields) headers.delete(name);
  }
  return {
    method: becomesGet ? "GET" : method,
    url,
    headers,
    body: becomesGet ? noBody : request.body,
    isForwarded: false,
  };
}

function resolved(location: string, base: URL): URL {
  const href = latin1AsUtf8(location);
  if (!URL.canParse(href, base)) {
    throw new HttpError("malformed", `Cannot follow to "${location}": it is no address`);
  }
  return new URL(href, base);
}

/** Some servers send UTF-8 where only ASCII is allowed. */
function latin1AsUtf8(text: string): string {
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  return new TextDecoder().decode(bytes);
}
