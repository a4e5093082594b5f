import { byte, isSpelled, isTokenByte, isValueByte, textOf } from "./syntax.ts";
import type { Refusal } from "./refusal.ts";

/** How much a head or a trailer section may hold. */
export interface FieldLimits {
  /** Bytes of all field lines, with their ends. */
  readonly fieldBytes: number;
  /** Field lines. */
  readonly fieldCount: number;
}

/** Numbers for each field: where its name and its value begin and end. */
const stride = 4;

/**
 * The fields of a head, as they lie in its bytes (*borrowed*): text is made of what is asked for
 * alone. Lookups know names in lower case.
 */
export class Fields {
  readonly #bytes: Uint8Array;
  readonly #base: number;
  readonly #spans: readonly number[];
  readonly #isFolded: boolean;

  /** For {@link FieldLines}: the spans are relative to `base`; values may go over line ends. */
  constructor(bytes: Uint8Array, base: number, spans: readonly number[], isFolded = false) {
    this.#bytes = bytes;
    this.#base = base;
    this.#spans = spans;
    this.#isFolded = isFolded;
  }

  /** Field lines. */
  get count(): number {
    return this.#spans.length / stride;
  }

  /** How many lines have this name. */
  countOf(name: string): number {
    let count = 0;
    for (let at = 0; at < this.#spans.length; at += stride) if (this.#isAt(at, name)) count += 1;
    return count;
  }

  /** The value of a field; of several lines, all with `, ` between them (RFC 9110, 5.3). */
  get(name: string): string | undefined {
    let value: string | undefined;
    for (let at = 0; at < this.#spans.length; at += stride) {
      if (!this.#isAt(at, name)) continue;
      value = value === undefined ? this.#text(at + 2) : `${value}, ${this.#text(at + 2)}`;
    }
    return value;
  }

  /** Name, in lower case, and value of each line, in order. */
  *[Symbol.iterator](): Iterator<[name: string, value: string]> {
    for (let at = 0; at < this.#spans.length; at += stride) {
      yield [this.#text(at).toLowerCase(), this.#text(at + 2)];
    }
  }

  #isAt(at: number, name: string): boolean {
    const start = this.#spans[at] ?? 0;
    const end = this.#spans[at + 1] ?? 0;
    if (end - start !== name.length) return false;
    return isSpelled(this.#bytes, this.#base + start, this.#base + end, name);
  }

  #text(at: number): string {
    const start = this.#spans[at] ?? 0;
    const end = this.#spans[at + 1] ?? 0;
    const text = textOf(this.#bytes, this.#base + start, this.#base + end);
    return this.#isFolded ? text.replaceAll(/[ \t]*\r\n[ \t]+/g, " ") : text;
  }
}

/** No fields. */
export const noFields: Fields = new Fields(new Uint8Array(0), 0, []);

/** Field lines as they arrive, up to the empty one (RFC 9112, 5), of a head or of trailers. */
export class FieldLines {
  readonly #limits: FieldLimits;
  readonly #mayFold: boolean;
  #isFolded = false;
  #spans: number[] = [];
  #byteCount = 0;
  /** Whether the empty line has come. */
  isWhole = false;

  /** A value may go on on lines that begin with space only if it `mayFold` (RFC 9112, 5.2). */
  constructor(limits: FieldLimits, mayFold = false) {
    this.#limits = limits;
    this.#mayFold = mayFold;
  }

  /**
   * Takes lines of `bytes` from `at` to `end`, and returns where it stopped: behind the empty line
   * if it `isWhole`, else behind the last line that is there. What was taken must stay where it is
   * relative to `base`.
   */
  take(bytes: Uint8Array, base: number, at: number, end: number): number | Refusal {
    let start = at;
    while (start < end) {
      const lineEnd = bytes.indexOf(byte.lf, start);
      const isThere = lineEnd !== -1 && lineEnd < end;
      const lineBytes = (isThere ? lineEnd + 1 : end) - start;
      // An empty line costs nothing, but it may be a long one of which only CR has arrived.
      if (this.#byteCount + lineBytes > this.#limits.fieldBytes + 2) return "fields-too-large";
      if (!isThere) return start;
      if (lineEnd === start || bytes[lineEnd - 1] !== byte.cr) return "bare-line-end";
      if (lineBytes === 2) {
        this.isWhole = true;
        return lineEnd + 1;
      }
      this.#byteCount += lineBytes;
      if (this.#byteCount > this.#limits.fieldBytes) return "fields-too-large";
      const refusal = this.#takeLine(bytes, base, start, lineEnd - 1);
      if (refusal !== undefined) return refusal;
      start = lineEnd + 1;
    }
    return start;
  }

  /** The fields, once they are whole, as `bytes` (*borrowed* from now on) has them. Begins anew. */
  finish(bytes: Uint8Array, base: number): Fields {
    const fields = new Fields(bytes, base, this.#spans, this.#isFolded);
    this.#spans = [];
    this.#isFolded = false;
    this.#byteCount = 0;
    this.isWhole = false;
    return fields;
  }

  /** Takes the line from `start` to `end`, where its CR is. */
  #takeLine(bytes: Uint8Array, base: number, start: number, end: number): Refusal | undefined {
    let at = start;
    while (isTokenByte[bytes[at] ?? 0] === 1) at += 1;
    const nameEnd = at;
    if (bytes[at] !== byte.colon || nameEnd === start) {
      if (nameEnd === start && isSpace(bytes[at])) return this.#goOn(bytes, base, start, end);
      return bytes[at] === byte.cr && at < end ? "bare-line-end" : "bad-field-name";
    }
    at += 1;
    while (at < end && isSpace(bytes[at])) at += 1;
    const valueEnd = valueEndOf(bytes, at, end);
    if (typeof valueEnd === "string") return valueEnd;
    if (this.#spans.length >= stride * this.#limits.fieldCount) return "too-many-fields";
    this.#spans.push(start - base, nameEnd - base, at - base, valueEnd - base);
    return undefined;
  }

  /** Takes a line that goes on with the value of the one before. */
  #goOn(bytes: Uint8Array, base: number, start: number, end: number): Refusal | undefined {
    if (!this.#mayFold || this.#spans.length === 0) return "folded-field";
    let at = start;
    while (at < end && isSpace(bytes[at])) at += 1;
    const valueEnd = valueEndOf(bytes, at, end);
    if (typeof valueEnd === "string") return valueEnd;
    // A line of space alone adds nothing.
    if (valueEnd === at) return undefined;
    const last = this.#spans.length - 1;
    if (this.#spans[last - 1] === this.#spans[last]) this.#spans[last - 1] = at - base;
    else this.#isFolded = true;
    this.#spans[last] = valueEnd - base;
    return undefined;
  }
}

/** Where a value from `start` ends, without the space before `end`. */
function valueEndOf(bytes: Uint8Array, start: number, end: number): number | Refusal {
  let at = start;
  while (at < end && isValueByte[bytes[at] ?? 0] === 1) at += 1;
  if (at < end) return bytes[at] === byte.cr ? "bare-line-end" : "bad-field-value";
  while (at > start && isSpace(bytes[at - 1])) at -= 1;
  return at;
}

function isSpace(code: number | undefined): boolean {
  return code === byte.space || code === byte.tab;
}
