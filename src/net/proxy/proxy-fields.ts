/** The fields of a request and of its answer, as they pass a proxy (RFC 9110, 7.6; RFC 7239). */

import type { Endpoint, HttpConnection } from "../../devices/index.ts";
import { endToEndFields } from "../http/hop-by-hop.ts";

/** What a proxy says of whom it asks for. */
export interface ProxyFieldsOptions {
  /** Its name in `Via`. */
  readonly name: string;
  /** Whether a server sees the `Host` that the client sent, or its own. */
  readonly host: "keep" | "rewrite";
  /** In which fields the client is named. */
  readonly forwarded: "x-forwarded" | "forwarded" | "none";
  /** Whether what a client says of those behind it is passed on. */
  readonly trusts: (client: Endpoint) => boolean;
}

type Field = readonly [name: string, value: string];

/** The fields of a request to a server. */
export function requestFields(
  request: Request,
  connection: HttpConnection,
  options: ProxyFieldsOptions,
): readonly Field[] {
  const { headers, body } = request;
  const isTrusted = options.trusts(connection.remote);
  const fields: Field[] = [];
  for (const field of endToEndFields(headers)) {
    const [name, value] = field;
    if (name === "host" || name === "content-length" || name === "via") continue;
    if (name === "expect" && (body === null || connection.httpVersion === "1.0")) continue;
    if (isAboutClient(name) && (!isTrusted || isOwn(name, options))) continue;
    if (name === "max-forwards") fields.push([name, fewerForwards(request, value)]);
    else fields.push(field);
  }
  // What `Connection` says of these two counts for nothing: they are ours to say.
  const host = hostOf(request);
  const length = headers.get("content-length");
  if (options.host === "keep") fields.push(["host", host]);
  if (body !== null && length !== null) fields.push(["content-length", length]);
  const via = `${connection.httpVersion} ${options.name}`;
  fields.push(["via", appended(headers.get("via"), via)]);
  fields.push(...clientFields(request, connection, options, isTrusted));
  return fields;
}

/** The fields of an answer to the client. */
export function responseFields(headers: Headers): [name: string, value: string][] {
  return [...endToEndFields(headers)];
}

/** Path and query of a URL as a server has it, which are not changed (RFC 9110, 7.6). */
export function targetOf(url: string): string {
  return url.slice(url.indexOf("/", url.indexOf("//") + 2));
}

/** Whether a request has come by a proxy of this name before (RFC 9110, 7.6.3). */
export function isLoop(headers: Headers, name: string): boolean {
  const via = headers.get("via");
  return via !== null && via.split(",").some((hop) => hop.trim().split(/[ \t]+/)[1] === name);
}

/** Whether a request is not to be carried on any more (RFC 9110, 7.6.2). */
export function isLastForward({ method, headers }: Request): boolean {
  return isCounted(method) && /^0+$/.test(headers.get("max-forwards") ?? "");
}

function isCounted(method: string): boolean {
  return method === "TRACE" || method === "OPTIONS";
}

function fewerForwards({ method }: Request, value: string): string {
  return isCounted(method) && /^\d{1,9}$/.test(value) ? String(Number(value) - 1) : value;
}

/** Fields that say who asks, which anybody can write. */
function isAboutClient(name: string): boolean {
  return name === "forwarded" || name === "x-real-ip" || name.startsWith("x-forwarded-");
}

/** Whether a proxy writes a field itself, and what was there comes before it. */
function isOwn(name: string, { forwarded }: ProxyFieldsOptions): boolean {
  if (forwarded === "forwarded") return name === "forwarded";
  return forwarded === "x-forwarded" && /^x-forwarded-(?:for|host|proto)$/.test(name);
}

/**
 * The host that a request is for, as its `Host` spells it, unless its target names another (RFC 9112,
 * 3.2.2).
 */
function hostOf({ headers, url }: Request): string {
  const start = url.indexOf("//") + 2;
  const authority = url.slice(start, url.indexOf("/", start));
  const host = headers.get("host");
  if (host === null || host === authority) return authority;
  const text = `http://${host}`;
  return URL.canParse(text) && new URL(text).host === authority ? host : authority;
}

function clientFields(
  request: Request,
  { remote }: HttpConnection,
  { forwarded }: ProxyFieldsOptions,
  isTrusted: boolean,
): readonly Field[] {
  const { headers, url } = request;
  const known = (name: string): string | null => (isTrusted ? headers.get(name) : null);
  const host = hostOf(request);
  const protocol = url.slice(0, url.indexOf(":"));
  if (forwarded === "forwarded") {
    const node = remote.address.includes(":") ? `"[${remote.address}]"` : remote.address;
    const hop = `for=${node};host="${host.replace(/["\\]/g, "")}";proto=${protocol}`;
    return [["forwarded", appended(known("forwarded"), hop)]];
  }
  if (forwarded === "none") return [];
  return [
    ["x-forwarded-for", appended(known("x-forwarded-for"), remote.address)],
    ["x-forwarded-host", known("x-forwarded-host") ?? host],
    ["x-forwarded-proto", known("x-forwarded-proto") ?? protocol],
  ];
}

function appended(list: string | null, element: string): string {
  return list === null || list === "" ? element : `${list}, ${element}`;
}
