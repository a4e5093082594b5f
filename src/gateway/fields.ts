/** The header fields of a request and of its answer, as they pass the gateway. */

import { hopByHopFields } from "../net/http/hop-by-hop.ts";
import type { HeaderField, RequestHead } from "./protocol.ts";

/** Where a site is for a browser, and where it is on the virtual network. */
export interface SiteAddresses {
  /** Where its root is for the browser: `https://example.org/website/~/`. */
  readonly root: string;
  /** The server's origin: `http://10.0.0.1`. */
  readonly origin: string;
}

/** What the gateway says itself, or what is the page's origin's alone. */
const requestOnly = new Set([...hopByHopFields, "host", "content-length", "cookie", "expect"]);

/**
 * What would change something for the whole origin, if a browser heeded it in an answer of a service
 * worker; cookies are the gateway's.
 */
const responseOnly = new Set([
  ...hopByHopFields,
  "alt-svc",
  "clear-site-data",
  "nel",
  "origin-agent-cluster",
  "report-to",
  "reporting-endpoints",
  "service-worker-allowed",
  "set-cookie",
  "strict-transport-security",
]);

/**
 * The fields of a request to the server: as the browser wrote them, but that what names the page's
 * origin names the server's.
 */
export function requestFields(
  { headers }: Pick<RequestHead, "headers">,
  site: SiteAddresses,
  cookie: string | undefined,
): readonly HeaderField[] {
  const { host, origin, pathname, protocol } = new URL(site.root);
  const passed = headers
    .filter(([name]) => !requestOnly.has(name.toLowerCase()))
    .map(([name, value]): HeaderField => {
      const key = name.toLowerCase();
      if (key === "origin") return [name, value === origin ? site.origin : value];
      if (key === "referer") return [name, refererOf(value, site)];
      return [name, value];
    });
  const own: HeaderField[] = [
    ["x-forwarded-host", host],
    ["x-forwarded-proto", protocol.slice(0, -1)],
    ["x-forwarded-prefix", pathname.replace(/\/$/, "")],
  ];
  if (cookie !== undefined) own.push(["cookie", cookie]);
  return [...passed, ...own];
}

/** The server's name for a page of the site; nothing of the page that the site is in. */
function refererOf(referer: string, { root, origin }: SiteAddresses): string {
  if (referer.startsWith(root)) return `${origin}/${referer.slice(root.length)}`;
  return referer.startsWith(`${new URL(root).origin}/`) ? `${origin}/` : referer;
}

/** The fields of an answer to the browser, for a request of `target`. */
export function responseFields(
  headers: Iterable<HeaderField>,
  target: string,
  site: SiteAddresses,
): readonly HeaderField[] {
  return [...headers]
    .filter(([name]) => !responseOnly.has(name.toLowerCase()))
    .map(([name, value]): HeaderField => {
      const key = name.toLowerCase();
      // Else a form of the site could not be told from one of another site.
      if (key === "referrer-policy")
        return [name, value.replace(/\bno-referrer(?!-)/gi, "same-origin")];
      const isPlace = key === "location" || key === "content-location";
      return [name, isPlace ? placeOf(value, target, site) : value];
    });
}

/** A place on the server, as the browser reaches it; another server's as it is. */
function placeOf(location: string, target: string, { root, origin }: SiteAddresses): string {
  const base = new URL(target, origin);
  if (!URL.canParse(location, base)) return location;
  const { href, origin: place } = new URL(location, base);
  return place === new URL(origin).origin ? root + href.slice(place.length + 1) : href;
}
