/**
 * Puts fragments together before anything looks at them, so that filters and translators see every
 * packet whole, whatever the order of its fragments, and none of the tricks with fragments that
 * overlap or hide a header. What it may keep is bounded by the reassembly of hosts.
 */

import { Reassembler, type ReassemblyCounters } from "../fragments.ts";
import { read } from "../icmp/quoted.ts";
import type { Timers } from "../timers.ts";
import { setWord, word } from "../words.ts";
import { addRange, finish } from "../checksum.ts";

/** A packet that was put together, *fresh*. */
export interface Whole {
  readonly bytes: Uint8Array;
  /** The longest of its fragments. */
  readonly fragmentBytes: number;
}

/** How a {@link Defragmenter} is made. */
export interface DefragmenterOptions {
  readonly timers: Timers;
  readonly counters: ReassemblyCounters;
  /** The most memory for all fragments; 1 MiB by default. */
  readonly maxBytes?: number;
}

const maxPacketBytes = 65_535;

/** The most packets whose longest fragment is remembered. */
const maxRemembered = 4096;

export class Defragmenter {
  readonly #reassemblers: Readonly<Record<4 | 6, Reassembler>>;
  readonly #longest = new Map<string, number>();

  constructor({ timers, counters, maxBytes = 1_048_576 }: DefragmenterOptions) {
    const make = (headerBytes: number): Reassembler =>
      new Reassembler({
        timers,
        counters,
        maxPayloadBytes: maxPacketBytes - headerBytes,
        maxBytes: maxBytes / 2,
        expired: () => {},
      });
    // Of version 6 the length does not count the header.
    this.#reassemblers = { 4: make(20), 6: make(0) };
  }

  /** Memory that fragments take now. */
  get costBytes(): number {
    return this.#reassemblers[4].costBytes + this.#reassemblers[6].costBytes;
  }

  /** Takes a fragment (*borrowed*) from its IP header on; gives the packet if it is whole now. */
  add(bytes: Uint8Array): Whole | undefined {
    const fields = read(bytes);
    if (fields === undefined) return undefined;
    const { version, source, destination, protocol, payloadStart } = fields;
    // Of version 6 the fragment header is the 8 bytes before, unless others follow it.
    const at = version === 4 ? 0 : fragmentHeaderAt(bytes);
    if (at === undefined) return undefined;
    const field = version === 4 ? word(bytes, 6) : word(bytes, at + 2);
    const identification =
      version === 4
        ? `${word(bytes, 4)} ${protocol}`
        : `${word(bytes, at + 4)} ${word(bytes, at + 6)}`;
    const key = `${source.join(".")} ${destination.join(".")} ${identification}`;
    const longest = Math.max(this.#longest.get(key) ?? 0, bytes.length);
    if (this.#longest.size >= maxRemembered) this.#longest.clear();
    this.#longest.set(key, longest);
    const whole = this.#reassemblers[version].add({
      key,
      source: source.join("."),
      offsetBytes: version === 4 ? (field & 0x1fff) * 8 : field & 0xfff8,
      isLast: version === 4 ? (field & 0x2000) === 0 : (field & 1) === 0,
      packet: bytes,
      payloadStart: version === 4 ? payloadStart : at + 8,
    });
    if (whole === undefined) return undefined;
    this.#longest.delete(key);
    const joined =
      version === 4 ? join4(whole.first, whole.payload) : join6(whole.first, whole.payload);
    return joined === undefined ? undefined : { bytes: joined, fragmentBytes: longest };
  }

  /** Forgets everything. */
  clear(): void {
    this.#longest.clear();
    this.#reassemblers[4].clear();
    this.#reassemblers[6].clear();
  }
}

function join4(first: Uint8Array, payload: Uint8Array): Uint8Array | undefined {
  const headerBytes = 4 * ((first[0] ?? 0) & 0x0f);
  if (headerBytes + payload.length > maxPacketBytes) return undefined;
  const bytes = new Uint8Array(headerBytes + payload.length);
  bytes.set(first.subarray(0, headerBytes));
  bytes.set(payload, headerBytes);
  setWord(bytes, 2, bytes.length);
  setWord(bytes, 6, word(first, 6) & 0x4000);
  setWord(bytes, 10, 0);
  setWord(bytes, 10, finish(addRange(bytes, 0, headerBytes)));
  return bytes;
}

function join6(first: Uint8Array, payload: Uint8Array): Uint8Array | undefined {
  const at = fragmentHeaderAt(first);
  if (at === undefined || at - 40 + payload.length > maxPacketBytes) return undefined;
  const bytes = new Uint8Array(at + payload.length);
  bytes.set(first.subarray(0, at));
  bytes.set(payload, at);
  setWord(bytes, 4, bytes.length - 40);
  bytes[previousHeaderAt(first, at)] = first[at] ?? 59;
  return bytes;
}

/** Where the fragment header of a packet of version 6 is, if it has one. */
function fragmentHeaderAt(bytes: Uint8Array): number | undefined {
  let next = bytes[6] ?? 59;
  for (let at = 40; at + 8 <= bytes.length; at += 8 + 8 * (bytes[at + 1] ?? 0)) {
    if (next === 44) return at;
    if (next !== 0 && next !== 43 && next !== 60) return undefined;
    next = bytes[at] ?? 59;
  }
  return undefined;
}

/** Where the number of the header at `at` stands. */
function previousHeaderAt(bytes: Uint8Array, at: number): number {
  let previous = 6;
  for (let where = 40; where < at; where += 8 + 8 * (bytes[where + 1] ?? 0)) previous = where;
  return previous;
}
