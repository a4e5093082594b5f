import { setWord, word } from "../words.ts";
import { keyOf, labelBytes, parentOf } from "./domain.ts";
import type { DnsQuestion, DnsRecord } from "./packet.ts";
import { formOf, readFields } from "./record-fields.ts";

/** Where records stand in a message: the second to fourth of its counts. */
export const section = { answers: 1, authorities: 2, additionals: 3 } as const;

const headerBytes = 12;
const fixedBytes = 10;

/** A pointer has 14 bits. */
const maxPointer = 0x3fff;

/** Names that are remembered, so that a message of very many costs no more than its bytes. */
const maxKnownNames = 1024;

/**
 * Writes a message part after part, up to a limit, with the names that it has already as pointers
 * (RFC 1035, 4.1.4). Parts come in the order of the sections.
 */
export class MessageWriter {
  readonly #into: Uint8Array;
  readonly #compressesAll: boolean;
  /** Where names begin that were written, by their keys. */
  readonly #known = new Map<string, number>();
  #limit: number;
  #at: number = headerBytes;

  /**
   * @param limitBytes what the message may have at most, 12 to 65,535
   * @param compressesAll whether names in data may be pointers in types after RFC 1035, too, as
   *   multicast DNS allows (RFC 6762, 18.14)
   */
  constructor(limitBytes: number, id: number, flags: number, compressesAll = false) {
    this.#into = new Uint8Array(limitBytes);
    this.#limit = limitBytes;
    this.#compressesAll = compressesAll;
    setWord(this.#into, 0, id);
    setWord(this.#into, 2, flags);
  }

  /** Bytes so far. */
  get length(): number {
    return this.#at;
  }

  /** Keeps room for so many bytes of what comes last; a negative number gives it back. */
  reserve(bytes: number): void {
    this.#limit -= bytes;
  }

  /** Sets more bits of the flags. */
  addFlags(flags: number): void {
    setWord(this.#into, 2, word(this.#into, 2) | flags);
  }

  /** Writes a question; says whether there was room. */
  question({ name, type, class: kind }: DnsQuestion): boolean {
    return this.#whole(() => this.#name(name) && this.#words(type, kind), 0, 1);
  }

  /** Writes records into a section, all of them or none; says whether there was room. */
  records(place: 1 | 2 | 3, records: readonly DnsRecord[]): boolean {
    return this.#whole(
      () => records.every((record) => this.#record(record)),
      place,
      records.length,
    );
  }

  /** The message, a view. */
  finish(): Uint8Array {
    return this.#into.subarray(0, this.#at);
  }

  /** Writes all that `write` does and counts it, or nothing if it says that there is no room. */
  #whole(write: () => boolean, count: number, by: number): boolean {
    const start = this.#at;
    const isWritten = write();
    if (isWritten) {
      const at = 4 + 2 * count;
      setWord(this.#into, at, word(this.#into, at) + by);
      return true;
    }
    this.#at = start;
    for (const [key, at] of this.#known) if (at >= start) this.#known.delete(key);
    return false;
  }

  #record({ name, type, class: kind, ttlSeconds, data }: DnsRecord): boolean {
    if (!this.#name(name) || this.#at + fixedBytes > this.#limit) return false;
    this.#words(type, kind);
    this.#words(ttlSeconds >>> 16, ttlSeconds & 0xffff);
    const start = this.#at + 2;
    this.#at = start;
    if (!this.#data(type, data)) return false;
    setWord(this.#into, start - 2, this.#at - start);
    return true;
  }

  #data(type: number, data: Uint8Array): boolean {
    const form = formOf(type);
    const mayCompress = form !== undefined && (form.isCompressible || this.#compressesAll);
    const values = mayCompress ? readFields(form, data, 0, data.length) : undefined;
    if (values === undefined) return this.#bytes(data);
    return values.every(({ field, start, end, name }) =>
      field === "name" ? this.#name(name) : this.#bytes(data.subarray(start, end)),
    );
  }

  #name(name: string): boolean {
    let key = keyOf(name);
    for (let rest = name; rest !== ""; rest = parentOf(rest)) {
      const known = this.#known.get(key);
      if (known !== undefined) return this.#words(0xc000 | known);
      if (this.#at <= maxPointer && this.#known.size < maxKnownNames) {
        this.#known.set(key, this.#at);
      }
      const [label = ""] = rest.split(".", 1);
      const bytes = labelBytes(label);
      if (!this.#bytes(Uint8Array.of(bytes.length)) || !this.#bytes(bytes)) return false;
      key = parentOf(key);
    }
    return this.#bytes(Uint8Array.of(0));
  }

  #words(...values: readonly number[]): boolean {
    if (this.#at + 2 * values.length > this.#limit) return false;
    for (const value of values) {
      setWord(this.#into, this.#at, value);
      this.#at += 2;
    }
    return true;
  }

  #bytes(bytes: Uint8Array): boolean {
    if (this.#at + bytes.length > this.#limit) return false;
    this.#into.set(bytes, this.#at);
    this.#at += bytes.length;
    return true;
  }
}
