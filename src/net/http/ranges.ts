/** Ranges of bytes (RFC 9110, 14). */

/** Bytes of a representation, at least one. */
export interface ByteRange {
  readonly offset: number;
  readonly lengthBytes: number;
}

/** More ranges than that are a burden, not a request (RFC 9110, 14.2). */
const maxRangeCount = 32;

/**
 * Finds what a `Range` field asks for, of a representation of `sizeBytes`. An empty list is one
 * that cannot be satisfied (416); `undefined` one to be ignored: of another unit, not well formed,
 * of too many ranges, or of more bytes than there are.
 */
export function rangesIn(field: string, sizeBytes: number): readonly ByteRange[] | undefined {
  const [, list] = /^bytes=(.*)$/i.exec(field) ?? [];
  if (list === undefined) return undefined;
  const specifiers = list.split(",", maxRangeCount + 1).map((each) => each.trim());
  if (specifiers.length > maxRangeCount) return undefined;
  const ranges: ByteRange[] = [];
  let sumBytes = 0;
  for (const specifier of specifiers) {
    // Empty elements of a list are to be passed over (RFC 9110, 5.6.1.2).
    if (specifier === "") continue;
    const range = rangeIn(specifier, sizeBytes);
    if (range === undefined) return undefined;
    if (range.lengthBytes === 0) continue;
    sumBytes += range.lengthBytes;
    ranges.push(range);
  }
  // Ranges that overlap so much cost more than the whole.
  if (sumBytes > sizeBytes) return undefined;
  return specifiers.every((each) => each === "") ? undefined : ranges;
}

/** One range, of no bytes if it begins past the end; `undefined` if it is none. */
function rangeIn(specifier: string, sizeBytes: number): ByteRange | undefined {
  const [, first = "", last = ""] = /^(\d*)-(\d*)$/.exec(specifier) ?? [];
  if (first === "" && last === "") return undefined;
  if (first === "") {
    const lengthBytes = Math.min(Number(last), sizeBytes);
    // Of an empty representation the last bytes are all of it, which no range can say.
    if (sizeBytes === 0 && Number(last) > 0) return undefined;
    return { offset: sizeBytes - lengthBytes, lengthBytes };
  }
  const offset = Number(first);
  if (last !== "" && Number(last) < offset) return undefined;
  const end = last === "" ? sizeBytes : Math.min(Number(last) + 1, sizeBytes);
  return { offset, lengthBytes: Math.max(end - offset, 0) };
}

/** The `Content-Range` of a part. */
export function contentRange({ offset, lengthBytes }: ByteRange, sizeBytes: number): string {
  return `bytes ${offset}-${offset + lengthBytes - 1}/${sizeBytes}`;
}
