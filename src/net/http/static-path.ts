/** From the path of a request to a key of a store. */

import type { Key } from "../../devices/index.ts";

/** Where a path leads. */
export interface StaticPath {
  readonly key: Key;
  /** Whether it ends with a slash, as the path of a directory does. */
  readonly isDirectory: boolean;
  /** Its last segment as it was sent, and the query: what a relative redirect is made of. */
  readonly lastSegment: string;
  readonly query: string;
}

/**
 * Reads a request's URL. `malformed` is one that no client should send; `undefined` names nothing
 * that a store can hold, or nothing below `prefix`.
 *
 * Each segment is decoded by itself, so that an encoded slash never divides one, and what a key
 * must not hold (`.`, `..`, NUL, nothing at all) is refused rather than resolved: no path leads
 * out of the store.
 */
export function staticPathOf(url: string, prefix: string): StaticPath | "malformed" | undefined {
  const [, path = "", query = ""] = /^(?:[^/?#]*\/\/[^/?#]*)?([^?#]*)(\?[^#]*)?/.exec(url) ?? [];
  const lastSegment = path.slice(path.lastIndexOf("/") + 1);
  if (path === prefix) return { key: [], isDirectory: path === "", lastSegment, query };
  if (!path.startsWith(`${prefix}/`)) return undefined;
  const segments = path.slice(prefix.length + 1).split("/");
  const isDirectory = segments.at(-1) === "";
  if (isDirectory) segments.pop();
  const key = segments.map(decoded);
  if (key.includes(undefined)) return "malformed";
  return key.every(isSegment) ? { key, isDirectory, lastSegment, query } : undefined;
}

/** `undefined` for a `%` without two digits, and for bytes that are not UTF-8. */
function decoded(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function isSegment(segment: string | undefined): segment is string {
  if (segment === undefined || segment === "" || segment === "." || segment === "..") return false;
  return !segment.includes("/") && !segment.includes("\0");
}
