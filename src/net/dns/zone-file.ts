/** Zones as text: master files in the standard format (RFC 1035, 5; RFC 2308, 4, `$TTL`). */

import { long } from "../words.ts";
import { formatLabels, formatName, isWithin, parseName } from "./domain.ts";
import { internetClass, recordType, type DnsRecord } from "./packet.ts";
import { forms, typeText } from "./record-fields.ts";
import { formatData, parseData, parseTime } from "./record-text.ts";
import { Entries, type Entry, type Place, type PlacedWord } from "./zone-words.ts";

/** Text is no zone: its message says where and why. */
export class ZoneFileError extends Error {
  override readonly name = "ZoneFileError";
  /** The file it is in, as {@link ZoneFileOptions.file} and `$INCLUDE` name it. */
  readonly file: string;
  /** The line, from 1 on. */
  readonly line: number;
  /** The character of the line, from 1 on. */
  readonly column: number;

  constructor(file: string, { line, column }: Place, reason: string) {
    super(`${file}:${line}:${column}: ${reason}`);
    this.file = file;
    this.line = line;
    this.column = column;
  }
}

/** How a zone file is read. */
export interface ZoneFileOptions {
  /** What names that are not whole are below, without a dot at its end, until `$ORIGIN`. */
  readonly origin: string;
  /** What messages call the text; `zone` by default. */
  readonly file?: string;
  /** Gives the text of a file for `$INCLUDE`, or `undefined`; without it, none is included. */
  readonly include?: (file: string) => string | undefined;
  /** Records that are read at most, 100,000 by default. */
  readonly maxRecords?: number;
}

/** Files that include one another. */
const maxDepth = 8;

/**
 * Reads the records of a zone file. Their data has whole names, and their names keep their case.
 *
 * @throws {ZoneFileError} at the first thing that cannot be read
 */
export function parseZone(text: string, options: ZoneFileOptions): readonly DnsRecord[] {
  const file = options.file ?? "zone";
  const records: DnsRecord[] = [];
  new ZoneReader(records, options, file, 0).read(text, options.origin, undefined);
  return records;
}

class ZoneReader {
  readonly #records: DnsRecord[];
  readonly #options: ZoneFileOptions;
  readonly #file: string;
  readonly #depth: number;
  #origin = "";
  #owner: string | undefined;
  #defaultTtl: number | undefined;
  #lastTtl: number | undefined;

  constructor(records: DnsRecord[], options: ZoneFileOptions, file: string, depth: number) {
    this.#records = records;
    this.#options = options;
    this.#file = file;
    this.#depth = depth;
  }

  /** Reads a file; names are below `origin`, and `defaultTtl` is that of the file around it. */
  read(text: string, origin: string, defaultTtl: number | undefined): void {
    this.#origin = origin;
    this.#defaultTtl = defaultTtl;
    const entries = new Entries(text, this.#refuse);
    for (let entry = entries.next(); entry !== undefined; entry = entries.next()) {
      const [first] = entry.words;
      if (first === undefined) continue;
      if (first.text.startsWith("$") && !first.isQuoted && !entry.isIndented) {
        this.#obey(first, entry);
      } else {
        this.#take(entry);
      }
    }
  }

  readonly #refuse = (place: Place, reason: string): never => {
    throw new ZoneFileError(this.#file, place, reason);
  };

  #obey(directive: PlacedWord, { words, end }: Entry): void {
    const name = directive.text.toUpperCase();
    if (!["$ORIGIN", "$TTL", "$INCLUDE"].includes(name)) {
      this.#refuse(directive, `${directive.text} is not known; $ORIGIN, $TTL and $INCLUDE are`);
    }
    const [, argument, origin] = words;
    const given = argument ?? this.#refuse(end, `${directive.text} is followed by nothing`);
    const extra = words[name === "$INCLUDE" ? 3 : 2];
    if (extra !== undefined) this.#refuse(extra, "it is one word too many");
    if (name === "$ORIGIN") this.#origin = this.#name(given);
    else if (name === "$TTL") this.#defaultTtl = this.#time(given);
    else this.#include(given, origin);
  }

  #include(given: PlacedWord, origin: PlacedWord | undefined): void {
    const { include } = this.#options;
    if (include === undefined) this.#refuse(given, "no file is included here");
    if (this.#depth === maxDepth) this.#refuse(given, `more than ${maxDepth} files in each other`);
    const text = include?.(given.text);
    if (text === undefined) return this.#refuse(given, `there is no file "${given.text}"`);
    const reader = new ZoneReader(this.#records, this.#options, given.text, this.#depth + 1);
    const below = origin === undefined ? this.#origin : this.#name(origin);
    reader.#owner = this.#owner;
    // Neither the origin nor the owner of what was included goes on after it.
    reader.read(text, below, this.#defaultTtl);
  }

  #take({ isIndented, words, end }: Entry): void {
    const [first, ...others] = words;
    const rest = isIndented ? words : others;
    if (!isIndented && first !== undefined) this.#owner = this.#name(first);
    const owner = this.#owner ?? this.#refuse(end, "there is no name before this that it is of");
    const { ttl, type, typeWord, data: dataWords } = this.#header(rest, end);
    const data = parseData(type, dataWords, this.#origin);
    if (!(data instanceof Uint8Array)) {
      const at = dataWords[data.index];
      const what = at === undefined ? "" : `Cannot read ${quoted(at)}: `;
      return this.#refuse(at ?? end, `${what}${data.fault}`);
    }
    const ttlSeconds = ttl ?? this.#impliedTtl(type, data) ?? this.#refuse(typeWord, noTtl);
    this.#lastTtl = ttlSeconds;
    const most = this.#options.maxRecords ?? 100_000;
    if (this.#records.length >= most) this.#refuse(typeWord, `there are more than ${most} records`);
    this.#records.push({ name: owner, type, class: internetClass, ttlSeconds, data });
  }

  /** Reads time to live and class, in either order, and the type. */
  #header(
    words: readonly PlacedWord[],
    end: Place,
  ): {
    readonly ttl: number | undefined;
    readonly type: number;
    readonly typeWord: PlacedWord;
    readonly data: readonly PlacedWord[];
  } {
    let ttl: number | undefined;
    let hasClass = false;
    for (const [index, given] of words.entries()) {
      const text = given.isQuoted ? "" : given.text.toUpperCase();
      const isClass = !hasClass && /^(?:IN|CH|HS|CLASS\d{1,5})$/.test(text);
      if (isClass) {
        hasClass = true;
        if (text !== "IN" && text !== "CLASS1") this.#refuse(given, "only class IN is served");
      } else if (ttl === undefined && /^\d/.test(text)) {
        ttl = this.#time(given);
      } else {
        const type = typeOf(text);
        if (type === undefined) this.#refuse(given, `Cannot read ${quoted(given)}: not a type`);
        return { ttl, type: type ?? 0, typeWord: given, data: words.slice(index + 1) };
      }
    }
    return this.#refuse(end, "the type is missing");
  }

  /** That of `$TTL`, of the record before (RFC 1035, 5.1), or of a zone's first record its last. */
  #impliedTtl(type: number, data: Uint8Array): number | undefined {
    const minimum = type === recordType.SOA ? long(data, data.length - 4) : undefined;
    return this.#defaultTtl ?? this.#lastTtl ?? minimum;
  }

  #name(given: PlacedWord): string {
    if (given.text === "@" && !given.isQuoted) return this.#origin;
    const named = parseName(given.text, this.#origin);
    if ("name" in named) return named.name;
    return this.#refuse(given, `Cannot read the name ${quoted(given)}: ${named.fault}`);
  }

  #time(given: PlacedWord): number {
    return parseTime(given.text) ?? this.#refuse(given, `${quoted(given)} is no time to live`);
  }
}

const noTtl = "there is no time to live, and no $TTL before";

function quoted({ text }: PlacedWord): string {
  return `"${text.length > 40 ? `${text.slice(0, 40)}…` : text}"`;
}

/** The type of these capitals, if it is one that zones hold. */
function typeOf(text: string): number | undefined {
  const known = forms[text]?.type;
  const digits = /^TYPE(\d{1,5})$/.exec(text)?.[1];
  const type = known ?? (digits === undefined ? 0 : Number(digits));
  // OPT, and 128 to 255, are only questions (RFC 6895, 3.1).
  const isOfZones = type > 0 && type <= 0xffff && type !== 41 && !(type >= 128 && type <= 255);
  return isOfZones ? type : undefined;
}

/** Writes records as a zone file, such that {@link parseZone} reads the same. */
export function formatZone(records: readonly DnsRecord[], origin: string): string {
  const lines = records.map((record) => formatRecord(record, origin));
  return [`$ORIGIN ${formatName(origin)}`, ...lines, ""].join("\n");
}

function formatRecord({ name, type, ttlSeconds, data }: DnsRecord, origin: string): string {
  const head = `${formatOwner(name, origin)}\t${ttlSeconds}\tIN\t${typeText(type)}`;
  return `${head}\t${formatData(type, data)}`;
}

function formatOwner(name: string, origin: string): string {
  if (name === origin) return "@";
  const isRelative = origin !== "" && isWithin(name, origin);
  return isRelative ? formatLabels(name.slice(0, -origin.length - 1)) : formatName(name);
}
