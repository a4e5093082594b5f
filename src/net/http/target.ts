/** What a request is for (RFC 9112, 3.2 and 3.3): its target and its `Host` make a URL. */

import type { Endpoint } from "../../devices/index.ts";
import type { RequestHead } from "./head.ts";
import type { Refusal } from "./refusal.ts";

/** A name or an address, and perhaps a port (RFC 3986, 3.2.2); no user in front of it. */
const authority = /^(?:[\w.!$&'()*+,;=~-]+|\[[\da-f:.]+\])(?::\d{0,5})?$/i;

/** Targets that a URL parser would give back as they are. */
const plainTarget = /^\/(?:[\w/~!$&()*+,;=:@?-]|\.(?=[\w-]))*$/;

/** What the requests of one connection are for: most have the same `Host`. */
export class Targets {
  /** The origin that the last request was for. */
  origin = "";
  readonly #local: () => Endpoint;
  #host: string | undefined;

  /** `local` is who is asked, for requests that do not say it. */
  constructor(local: () => Endpoint) {
    this.#local = local;
  }

  /** Checks the `Host` of a request, and remembers it. */
  check({ minorVersion, fields }: RequestHead): Refusal | undefined {
    const host = fields.get("host");
    if (host === this.#host && host !== undefined) return undefined;
    if (host === undefined && minorVersion === 1) return "bad-host";
    // Two values have a comma and a space between them, which no authority has.
    const origin = host === undefined || host === "" ? this.#ownOrigin() : originOf(host);
    if (origin === undefined) return "bad-host";
    this.#host = host;
    this.origin = origin;
    return undefined;
  }

  #ownOrigin(): string | undefined {
    const { address, port } = this.#local();
    return originOf(`${address.includes(":") ? `[${address}]` : address}:${port}`);
  }
}

/** The URL of a target that was checked, at `origin` unless it says another. */
export function urlOf(origin: string, target: string): string {
  if (plainTarget.test(target)) return origin + target;
  return new URL(target.startsWith("/") ? origin + target : target).href;
}

function originOf(host: string): string | undefined {
  const text = `http://${host}`;
  if (!authority.test(host) || !URL.canParse(text)) return undefined;
  return `http://${new URL(text).host}`;
}

/** What is wrong with a target for its method. */
export function checkTarget({ method, target }: RequestHead): Refusal | undefined {
  if (method === "CONNECT") return "no-tunnel";
  if (target.startsWith("/")) return target.includes("#") ? "bad-target" : undefined;
  if (target === "*") return method === "OPTIONS" ? undefined : "bad-target";
  const isAbsolute = /^https?:\/\/[^/?#@]+(?:[/?][^#]*)?$/i.test(target) && URL.canParse(target);
  return isAbsolute ? undefined : "bad-target";
}
