/**
 * Reassembly of fragmented packets, for both versions of IP: `reassembler.add(fragment)` gives the
 * packet once its last missing fragment has come.
 *
 * What a stranger can fill is bounded: in bytes, with what each fragment costs beside them; in
 * packets for each source; in fragments for each packet; in time. What is full makes room for the
 * new at the cost of the oldest.
 *
 * A fragment that overlaps another, or contradicts where the packet ends, spoils its packet, and
 * what still comes of it is dropped (RFC 8200, 4.5; RFC 5722): no two readers of such a packet see
 * the same. A repeated fragment spoils nothing.
 *
 * @see RFC 791, 3.2; RFC 8200, 4.5
 */

import type { Timer, Timers } from "./timers.ts";

/** What memory a fragment is taken to cost beside its bytes. */
const fragmentOverheadBytes = 128;

/** A fragment, as it arrived. */
export interface Fragment {
  /** What all fragments of the packet have in common. */
  readonly key: string;
  /** Who sent it. */
  readonly source: string | number;
  /** Where its bytes belong in the packet's payload. */
  readonly offsetBytes: number;
  /** Whether the packet ends with it. */
  readonly isLast: boolean;
  /** All of it from its IP header on, *borrowed*. */
  readonly packet: Uint8Array;
  /** Where in `packet` its part of the payload begins. */
  readonly payloadStart: number;
}

/** A packet whose fragments have all come, *fresh*. */
export interface Reassembled {
  readonly payload: Uint8Array;
  /** The first fragment from its IP header on. */
  readonly first: Uint8Array;
}

/** What became of fragments, to be part of a layer's counters. */
export interface ReassemblyCounters {
  /** Packets whose fragments all came. */
  reassembled: number;
  /** Packets of which fragments overlapped, or that ended at two places. */
  fragmentsOverlapped: number;
  /** Fragments that are empty, no multiple of 8 bytes long, or reach over the longest packet. */
  fragmentsMalformed: number;
  /** Packets that made room for others, or came in too many fragments. */
  reassemblyOverflows: number;
  /** Packets not complete in time. */
  reassemblyTimeouts: number;
}

/** Counters that stand at 0. */
export function reassemblyCounters(): ReassemblyCounters {
  return {
    reassembled: 0,
    fragmentsOverlapped: 0,
    fragmentsMalformed: 0,
    reassemblyOverflows: 0,
    reassemblyTimeouts: 0,
  };
}

/** How a {@link Reassembler} is made. */
export interface ReassemblerOptions {
  readonly timers: Timers;
  readonly counters: ReassemblyCounters;
  /** The longest payload of a packet. */
  readonly maxPayloadBytes: number;
  /** Called with the first fragment of a packet that was not complete in time, if that had come. */
  readonly expired: (first: Uint8Array) => void;
  /** How long a packet's fragments are kept; 60,000 by default (RFC 1122, 3.3.2; RFC 8200, 4.5). */
  readonly timeoutMs?: number;
  /** The most memory for all fragments; 512 KiB by default. */
  readonly maxBytes?: number;
  /** The most incomplete packets of one source; 64 by default. */
  readonly maxPackets?: number;
  /** The most fragments of one packet; 256 by default. */
  readonly maxFragments?: number;
}

interface Piece {
  readonly offsetBytes: number;
  /** A copy of the fragment, whole. */
  readonly packet: Uint8Array;
  readonly payload: Uint8Array;
}

interface Incomplete {
  readonly source: string | number;
  readonly deadlineMs: number;
  /** In the order of their offsets, none overlapping; empty once the packet is spoilt. */
  pieces: Piece[];
  /** Where the packet ends; `Infinity` until its last fragment comes. */
  endBytes: number;
  payloadBytes: number;
  costBytes: number;
  isSpoilt: boolean;
}

export class Reassembler {
  readonly #options: Required<ReassemblerOptions>;
  readonly #timer: Timer;
  /** Packets by key, oldest first, which is also the order in which they expire. */
  readonly #packets = new Map<string, Incomplete>();
  readonly #countBySource = new Map<string | number, number>();
  #costBytes = 0;

  constructor(options: ReassemblerOptions) {
    this.#options = {
      timeoutMs: 60_000,
      maxBytes: 524_288,
      maxPackets: 64,
      maxFragments: 256,
      ...options,
    };
    this.#timer = options.timers.timer((nowMs) => this.#expire(nowMs));
  }

  /** Memory that fragments take now, with what each costs beside its bytes. */
  get costBytes(): number {
    return this.#costBytes;
  }

  /** Takes a fragment, and gives the packet if it is complete now. */
  add(fragment: Fragment): Reassembled | undefined {
    const { counters } = this.#options;
    if (!this.#isSound(fragment)) {
      counters.fragmentsMalformed += 1;
      return undefined;
    }
    const incomplete = this.#packets.get(fragment.key) ?? this.#start(fragment);
    if (incomplete.isSpoilt) return undefined;
    const place = placeOf(fragment, incomplete);
    if (place === "repeated") return undefined;
    if (place === "overlapping") {
      counters.fragmentsOverlapped += 1;
      this.#spoil(incomplete);
    } else if (incomplete.pieces.length >= this.#options.maxFragments) {
      counters.reassemblyOverflows += 1;
      this.#spoil(incomplete);
    } else {
      this.#insert(fragment, incomplete, place);
    }
    if (incomplete.payloadBytes !== incomplete.endBytes) return undefined;
    this.#remove(fragment.key, incomplete);
    counters.reassembled += 1;
    return joined(incomplete);
  }

  /** Forgets everything. */
  clear(): void {
    this.#packets.clear();
    this.#countBySource.clear();
    this.#costBytes = 0;
    this.#timer.clear();
  }

  #isSound({ offsetBytes, isLast, packet, payloadStart }: Fragment): boolean {
    const lengthBytes = packet.length - payloadStart;
    const endBytes = offsetBytes + lengthBytes;
    return (
      lengthBytes > 0 &&
      (isLast || lengthBytes % 8 === 0) &&
      endBytes <= this.#options.maxPayloadBytes
    );
  }

  #start({ key, source }: Fragment): Incomplete {
    const { timers, timeoutMs, maxPackets } = this.#options;
    if ((this.#countBySource.get(source) ?? 0) >= maxPackets) {
      for (const [key, incomplete] of this.#packets) {
        if (incomplete.source !== source) continue;
        this.#evict(key, incomplete);
        break;
      }
    }
    const incomplete: Incomplete = {
      source,
      deadlineMs: timers.nowMs() + timeoutMs,
      pieces: [],
      endBytes: Infinity,
      payloadBytes: 0,
      costBytes: 0,
      isSpoilt: false,
    };
    this.#packets.set(key, incomplete);
    this.#countBySource.set(source, (this.#countBySource.get(source) ?? 0) + 1);
    this.#charge(incomplete, fragmentOverheadBytes);
    if (this.#packets.size === 1) this.#timer.set(incomplete.deadlineMs);
    return incomplete;
  }

  #insert(fragment: Fragment, incomplete: Incomplete, index: number): void {
    const packet = fragment.packet.slice();
    const payload = packet.subarray(fragment.payloadStart);
    incomplete.pieces.splice(index, 0, { offsetBytes: fragment.offsetBytes, packet, payload });
    if (fragment.isLast) incomplete.endBytes = fragment.offsetBytes + payload.length;
    incomplete.payloadBytes += payload.length;
    this.#charge(incomplete, packet.length + fragmentOverheadBytes);
  }

  /** Counts memory, and makes room for it. */
  #charge(incomplete: Incomplete, bytes: number): void {
    incomplete.costBytes += bytes;
    this.#costBytes += bytes;
    for (const [key, oldest] of this.#packets) {
      if (this.#costBytes <= this.#options.maxBytes) break;
      if (oldest !== incomplete) this.#evict(key, oldest);
    }
  }

  #evict(key: string, incomplete: Incomplete): void {
    this.#options.counters.reassemblyOverflows += 1;
    this.#remove(key, incomplete);
  }

  #remove(key: string, incomplete: Incomplete): void {
    this.#packets.delete(key);
    this.#costBytes -= incomplete.costBytes;
    const count = (this.#countBySource.get(incomplete.source) ?? 0) - 1;
    if (count > 0) this.#countBySource.set(incomplete.source, count);
    else this.#countBySource.delete(incomplete.source);
    if (this.#packets.size === 0) this.#timer.clear();
  }

  /** Lets go of a packet's fragments, but knows it until its time is over. */
  #spoil(incomplete: Incomplete): void {
    this.#costBytes -= incomplete.costBytes - fragmentOverheadBytes;
    incomplete.costBytes = fragmentOverheadBytes;
    incomplete.pieces = [];
    incomplete.payloadBytes = 0;
    incomplete.endBytes = Infinity;
    incomplete.isSpoilt = true;
  }

  #expire(nowMs: number): void {
    for (const [key, incomplete] of this.#packets) {
      if (incomplete.deadlineMs > nowMs) {
        this.#timer.set(incomplete.deadlineMs);
        return;
      }
      this.#remove(key, incomplete);
      if (incomplete.isSpoilt) continue;
      this.#options.counters.reassemblyTimeouts += 1;
      const [first] = incomplete.pieces;
      if (first?.offsetBytes === 0) this.#options.expired(first.packet);
    }
  }
}

/** Where a fragment goes among the others, or why it does not. */
function placeOf(
  { offsetBytes, isLast, packet, payloadStart }: Fragment,
  { pieces, endBytes }: Incomplete,
): number | "repeated" | "overlapping" {
  const lengthBytes = packet.length - payloadStart;
  // Most come in order: the search begins at the end.
  let index = pieces.length;
  while (index > 0 && (pieces[index - 1]?.offsetBytes ?? 0) >= offsetBytes) index -= 1;
  const next = pieces[index];
  if (next?.offsetBytes === offsetBytes && next.payload.length === lengthBytes) {
    const isSame = next.payload.every((byte, at) => byte === packet[payloadStart + at]);
    const endsAlike = isLast === (offsetBytes + lengthBytes === endBytes);
    return isSame && endsAlike ? "repeated" : "overlapping";
  }
  const before = pieces[index - 1];
  const startsFree =
    before === undefined || before.offsetBytes + before.payload.length <= offsetBytes;
  const endsFree = next === undefined || offsetBytes + lengthBytes <= next.offsetBytes;
  const fitsEnd = isLast
    ? endBytes === Infinity && next === undefined
    : offsetBytes + lengthBytes < endBytes || endBytes === Infinity;
  return startsFree && endsFree && fitsEnd ? index : "overlapping";
}

function joined({ pieces, payloadBytes }: Incomplete): Reassembled {
  const payload = new Uint8Array(payloadBytes);
  for (const piece of pieces) payload.set(piece.payload, piece.offsetBytes);
  return { payload, first: pieces[0]?.packet ?? payload };
}
