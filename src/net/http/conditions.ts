/** Conditional requests for a representation that is there (RFC 9110, 13). */

import { parseDate } from "./dates.ts";

/** What conditions are compared with. */
export interface Validators {
  /** A strong entity tag, with its quotes. */
  readonly etag: string;
  /** When the representation last changed, in whole seconds of wall time, as milliseconds. */
  readonly lastModifiedMs: number;
  /** Wall time now, in milliseconds. */
  readonly nowMs: number;
}

/**
 * Evaluates the conditions of a request for GET or HEAD in the order that RFC 9110, 13.2.2 says:
 * `undefined` if the method is to be performed, else the status to answer instead.
 */
export function unmetCondition(headers: Headers, validators: Validators): 304 | 412 | undefined {
  const ifMatch = headers.get("if-match");
  const ifNoneMatch = headers.get("if-none-match");
  if (ifMatch !== null) {
    if (!hasTag(ifMatch, validators.etag, isSameStrongly)) return 412;
  } else if (wasModifiedSince(headers.get("if-unmodified-since"), validators) === true) {
    return 412;
  }
  if (ifNoneMatch !== null) {
    return hasTag(ifNoneMatch, validators.etag, isSameWeakly) ? 304 : undefined;
  }
  const modified = wasModifiedSince(headers.get("if-modified-since"), validators);
  return modified === false ? 304 : undefined;
}

/** Whether a `Range` is to be regarded, as far as `If-Range` has a say in it (RFC 9110, 13.1.5). */
export function allowsRange(headers: Headers, validators: Validators): boolean {
  const ifRange = headers.get("if-range");
  if (ifRange === null) return true;
  if (/^(?:W\/)?"/.test(ifRange)) return isSameStrongly(ifRange, validators.etag);
  const dateMs = parseDate(ifRange, validators.nowMs);
  // What changed in this very second may change once more in it: that date is weak (8.8.2.2).
  const isStrong = validators.nowMs - validators.lastModifiedMs >= 1000;
  return isStrong && dateMs === validators.lastModifiedMs;
}

/** `undefined` if there is no such date to compare with. */
function wasModifiedSince(
  date: string | null,
  { lastModifiedMs, nowMs }: Validators,
): boolean | undefined {
  const dateMs = date === null ? undefined : parseDate(date, nowMs);
  return dateMs === undefined ? undefined : lastModifiedMs > dateMs;
}

/** Looks for a tag in a list, or `*` (RFC 9110, 8.8.3). Commas may be inside of tags. */
function hasTag(
  list: string,
  etag: string,
  isSame: (one: string, other: string) => boolean,
): boolean {
  if (list.trim() === "*") return true;
  const tags = list.match(/(?:W\/)?"[\x21\x23-\x7e\x80-\xff]*"/g) ?? [];
  return tags.some((tag) => isSame(tag, etag));
}

/** RFC 9110, 8.8.3.2: neither is weak, and they are the same. */
function isSameStrongly(one: string, other: string): boolean {
  return one === other && !one.startsWith("W/");
}

function isSameWeakly(one: string, other: string): boolean {
  return one.replace(/^W\//, "") === other.replace(/^W\//, "");
}
