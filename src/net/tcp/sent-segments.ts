/**
 * What was sent and is not acknowledged, segment by segment: the scoreboard of RFC 6675 with the
 * times that RFC 8985 needs.
 *
 * A segment is in flight unless it was acknowledged selectively or is deemed lost; one that is sent
 * again is in flight again.
 */

import { add, difference, isBefore } from "./sequence.ts";

/** A segment as it was last sent. */
export interface SentSegment {
  sequence: number;
  /** In sequence numbers: data bytes, and one each for SYN and FIN. */
  length: number;
  /** When it was sent last. */
  sentMs: number;
  /** How often it was sent. */
  transmissions: number;
  isSacked: boolean;
  isLost: boolean;
}

/** Is told of each segment that an acknowledgment delivers, in the order of sequence numbers. */
export interface DeliveryListener {
  delivered(segment: SentSegment): void;
}

/** Segments from SND.UNA to SND.NXT. */
export class SentSegments {
  /** In the order of their sequence numbers, from `#first` on. */
  #items: SentSegment[] = [];
  #first = 0;
  #flightBytes = 0;
  #sackedCount = 0;
  #lostCount = 0;
  /** No segment before this index is lost. */
  #lostFrom = 0;

  /** How many there are. */
  get count(): number {
    return this.#items.length - this.#first;
  }

  /** Sequence numbers in flight: "pipe" in RFC 6675. */
  get flightBytes(): number {
    return this.#flightBytes;
  }

  /** Segments acknowledged selectively. */
  get sackedCount(): number {
    return this.#sackedCount;
  }

  /** Segments deemed lost and not sent again. */
  get lostCount(): number {
    return this.#lostCount;
  }

  /** The segment at an index from the oldest on. */
  at(index: number): SentSegment | undefined {
    return this.#items[this.#first + index];
  }

  /** The newest segment. */
  get last(): SentSegment | undefined {
    return this.#items.at(-1);
  }

  /**
   * Adds a segment sent for the first time. Small ones that are sent at almost the same time, and
   * together no more than `mostBytes`, are one here: they would also be sent again as one.
   */
  push(sequence: number, length: number, sentMs: number, mostBytes: number = 0): void {
    const { last } = this;
    if (last !== undefined && length + last.length <= mostBytes && isFresh(last, sentMs)) {
      last.length += length;
      this.#flightBytes += length;
      return;
    }
    const segment = spares.pop() ?? makeSegment();
    segment.sequence = sequence;
    segment.length = length;
    segment.sentMs = sentMs;
    segment.transmissions = 1;
    segment.isSacked = false;
    segment.isLost = false;
    this.#items.push(segment);
    this.#flightBytes += length;
  }

  /** Notes that a segment was sent again. */
  resend(segment: SentSegment, nowMs: number): void {
    if (segment.isLost) {
      segment.isLost = false;
      this.#lostCount -= 1;
      this.#flightBytes += segment.length;
    }
    segment.sentMs = nowMs;
    segment.transmissions += 1;
  }

  /** Removes what `una` acknowledges. `listener` is told of those not told before. */
  acknowledge(una: number, listener: DeliveryListener): void {
    for (let segment = this.at(0); segment !== undefined; segment = this.at(0)) {
      const covered = difference(una, segment.sequence);
      if (covered <= 0) break;
      if (covered < segment.length) {
        if (!segment.isSacked && !segment.isLost) this.#flightBytes -= covered;
        segment.sequence = una;
        segment.length -= covered;
        break;
      }
      this.#forget(segment);
      if (!segment.isSacked) listener.delivered(segment);
      this.#first += 1;
      if (spares.length < maxSpares) spares.push(segment);
    }
    this.#lostFrom = Math.max(this.#lostFrom, this.#first);
    this.#compact();
  }

  /** Marks what a SACK block covers; a segment that it covers in part is split first. */
  sack(left: number, right: number, listener: DeliveryListener): void {
    for (let index = this.#find(left); index < this.count; index += 1) {
      const segment = this.at(index);
      if (segment === undefined || !isBefore(segment.sequence, right)) return;
      if (isBefore(segment.sequence, left)) {
        this.split(index, difference(left, segment.sequence));
        continue;
      }
      const inside = difference(right, segment.sequence);
      if (inside < segment.length) this.split(index, inside);
      if (segment.isSacked) continue;
      this.#setLost(segment, false);
      segment.isSacked = true;
      this.#sackedCount += 1;
      this.#flightBytes -= segment.length;
      listener.delivered(segment);
    }
  }

  /** Deems a segment lost: it is no longer in flight. */
  markLost(segment: SentSegment): void {
    if (segment.isSacked) return;
    this.#setLost(segment, true);
  }

  /** Deems all lost that was not acknowledged (RFC 6298, 5.4; RFC 8985, 6.3). */
  markAllLost(): void {
    this.#forEach((segment) => this.markLost(segment));
    this.#lostFrom = this.#first;
  }

  /** Takes back that anything was lost. */
  unmarkLost(): void {
    this.#forEach((segment) => this.#setLost(segment, false));
  }

  /** Forgets selective acknowledgments, which a receiver may take back (RFC 2018, 8). */
  unmarkSacked(): void {
    this.#forEach((segment) => {
      if (!segment.isSacked) return;
      segment.isSacked = false;
      this.#sackedCount -= 1;
      this.#flightBytes += segment.length;
    });
  }

  /** The oldest segment that is lost. */
  firstLost(): SentSegment | undefined {
    if (this.#lostCount === 0) return undefined;
    while (this.#lostFrom < this.#items.length) {
      const segment = this.#items[this.#lostFrom];
      if (segment?.isLost === true) return segment;
      this.#lostFrom += 1;
    }
    return undefined;
  }

  /** Cuts a lost segment, so that at most `length` of it is sent next. */
  cutLost(length: number): void {
    const index = this.#lostFrom - this.#first;
    if ((this.at(index)?.length ?? 0) > length) this.split(index, length);
  }

  /** Cuts the segment at `index` into one of `length` and the rest. */
  split(index: number, length: number): void {
    const segment = this.at(index);
    if (segment === undefined) return;
    const rest = { ...segment };
    rest.sequence = add(segment.sequence, length);
    rest.length = segment.length - length;
    segment.length = length;
    this.#items.splice(this.#first + index + 1, 0, rest);
    if (segment.isSacked) this.#sackedCount += 1;
    if (segment.isLost) this.#lostCount += 1;
  }

  /** Forgets everything. */
  clear(): void {
    this.#items = [];
    this.#first = this.#lostFrom = 0;
    this.#flightBytes = this.#sackedCount = this.#lostCount = 0;
  }

  #forget(segment: SentSegment): void {
    if (segment.isSacked) this.#sackedCount -= 1;
    else if (segment.isLost) this.#lostCount -= 1;
    else this.#flightBytes -= segment.length;
  }

  #setLost(segment: SentSegment, isLost: boolean): void {
    if (segment.isLost === isLost) return;
    segment.isLost = isLost;
    this.#lostCount += isLost ? 1 : -1;
    this.#flightBytes += isLost ? -segment.length : segment.length;
    if (isLost) this.#lostFrom = this.#first;
  }

  #forEach(visit: (segment: SentSegment) => void): void {
    for (let index = this.#first; index < this.#items.length; index += 1) {
      const segment = this.#items[index];
      if (segment !== undefined) visit(segment);
    }
  }

  /** The index of the segment that holds a sequence number, or of the first after it. */
  #find(sequence: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const segment = this.at(middle);
      if (segment !== undefined && difference(sequence, segment.sequence) >= segment.length) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }

  /** Gives back the room of what was removed, now and then. */
  #compact(): void {
    if (this.#first === this.#items.length) {
      while (this.#items.length > 0) this.#items.pop();
      this.#first = this.#lostFrom = 0;
    } else if (this.#first > 64 && this.#first > this.#items.length / 2) {
      this.#items.splice(0, this.#first);
      this.#lostFrom -= this.#first;
      this.#first = 0;
    }
  }
}

/** Objects to use again, of all connections: there is one for each segment sent. */
const spares: SentSegment[] = [];
const maxSpares = 256;

/** What is sent within so long counts as sent at once. */
const mergeMs = 0.1;

/** Whether a segment was sent just now, and nothing has become of it. */
function isFresh({ sentMs, transmissions, isSacked, isLost }: SentSegment, nowMs: number): boolean {
  return nowMs - sentMs < mergeMs && transmissions === 1 && !isSacked && !isLost;
}

function makeSegment(): SentSegment {
  return {
    sequence: 0,
    length: 0,
    sentMs: 0,
    transmissions: 0,
    isSacked: false,
    isLost: false,
  };
}
