/**
 * One timer wheel for all protocols on a clock, after scheme 7 of Varghese and Lauck, "Hashed and
 * hierarchical timing wheels" (1987): setting, moving and clearing a timer take the same time
 * however many there are.
 *
 * A level has 64 slots, each 64 times as wide as those of the level below; the lowest are 1 ms.
 * A timer that is moved later stays where it is and is placed anew when its slot comes, so that a
 * retransmission timer, which every acknowledgment moves, costs one assignment.
 */

import type { Clock } from "../devices/index.ts";

const levelSlots = 64;
const levelCount = 6;

/** Milliseconds that a slot of each level is wide. */
const slotMs: readonly number[] = Array.from({ length: levelCount }, (_, level) => 64 ** level);

/** A deadline of one owner; made by {@link Timers.timer}. */
export interface Timer {
  /** When it expires, on the clock's monotonic scale; `Infinity` if it is not set. */
  readonly deadlineMs: number;
  /** Sets or moves it. `Infinity` clears it. Expires at the next wake if the time has passed. */
  set(deadlineMs: number): void;
  /** Clears it: nothing stays behind. */
  clear(): void;
}

const wheels = new WeakMap<Clock, Timers>();

/** The wheel of a clock: the same for all who stand on it. */
export function timersOf(clock: Clock): Timers {
  const known = wheels.get(clock);
  if (known !== undefined) return known;
  const timers = new Timers(clock);
  wheels.set(clock, timers);
  return timers;
}

/** A wheel of timers, of which at most one wake of the clock is outstanding. */
export class Timers {
  readonly #clock: Clock;
  readonly #slots: (Entry | undefined)[] = Array.from({ length: levelCount * levelSlots });
  /** Timers in the slots of each level, so that empty levels are not looked through. */
  readonly #placed: number[] = Array.from({ length: levelCount }, () => 0);
  /** The millisecond that the wheel stands at; what was due before it has expired. */
  #tick: number;
  #activeCount = 0;
  #wakeMs = Infinity;
  #cancelWake = (): void => {};
  #isTurning = false;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#tick = Math.floor(clock.monotonicMs());
  }

  /** Timers that are set now. */
  get activeCount(): number {
    return this.#activeCount;
  }

  /** Monotonic time in milliseconds, read from the clock. */
  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** Makes a timer, not set yet. `expire` is called once for each time it was set and came due. */
  timer(expire: (nowMs: number) => void): Timer {
    return new Entry(this, expire);
  }

  /** For {@link Timer.set}: finds a place for a timer that has none, or needs an earlier one. */
  place(entry: Entry): void {
    if (entry.slot === -1) this.#activeCount += 1;
    else this.#unlink(entry);
    const tick = Math.max(this.#tick, Math.floor(entry.deadlineMs));
    let level = 0;
    while (level < levelCount - 1 && tick - this.#tick >= slotWidth(level + 1)) level += 1;
    // What is further away than the wheel reaches waits in its last slot, and is placed again.
    const reach = Math.min(tick, this.#tick + slotWidth(level) * (levelSlots - 1));
    entry.placedMs = reach;
    this.#link(entry, level * levelSlots + (Math.floor(reach / slotWidth(level)) % levelSlots));
    this.wakeBy(entry.deadlineMs);
  }

  /** For {@link Timer.set}: sees to it that the wheel turns then at the latest. */
  wakeBy(deadlineMs: number): void {
    if (deadlineMs < this.#wakeMs && !this.#isTurning) this.#arm(deadlineMs);
  }

  /** For {@link Timer.clear}. */
  remove(entry: Entry): void {
    this.#unlink(entry);
    entry.slot = -1;
    this.#activeCount -= 1;
    if (this.#activeCount === 0 && !this.#isTurning) this.#arm(Infinity);
  }

  #link(entry: Entry, slot: number): void {
    const head = this.#slots[slot];
    entry.slot = slot;
    entry.next = head;
    entry.previous = undefined;
    if (head !== undefined) head.previous = entry;
    this.#slots[slot] = entry;
    this.#count(slot, 1);
  }

  #unlink(entry: Entry): void {
    const { next, previous, slot } = entry;
    if (previous === undefined) this.#slots[slot] = next;
    else previous.next = next;
    if (next !== undefined) next.previous = previous;
    entry.next = entry.previous = undefined;
    this.#count(slot, -1);
  }

  #count(slot: number, by: number): void {
    const level = Math.floor(slot / levelSlots);
    this.#placed[level] = (this.#placed[level] ?? 0) + by;
  }

  #arm(wakeMs: number): void {
    this.#cancelWake();
    this.#wakeMs = wakeMs;
    this.#cancelWake = wakeMs === Infinity ? () => {} : this.#clock.wakeAt(wakeMs, this.#wake);
  }

  readonly #wake = (): void => {
    this.#wakeMs = Infinity;
    this.#isTurning = true;
    try {
      this.#turn(this.#clock.monotonicMs());
    } finally {
      this.#isTurning = false;
      this.#arm(this.#nextMs());
    }
  };

  /** Turns the wheel to `nowMs`: expires what is due, and moves timers to lower levels. */
  #turn(nowMs: number): void {
    const last = Math.floor(nowMs);
    for (let tick = this.#nextTick(); tick <= last; tick = this.#nextTick()) {
      this.#tick = tick;
      for (let level = levelCount - 1; level > 0; level -= 1) {
        if (tick % slotWidth(level) === 0) this.#empty(level, Infinity);
      }
      this.#empty(0, nowMs);
      // What is due later in this very millisecond stays; the wheel must not stop turning for it.
      if (tick === last) break;
    }
    this.#tick = Math.max(this.#tick, last);
  }

  /** Takes the timers out of the slot of the present tick; expires those due by `nowMs`. */
  #empty(level: number, nowMs: number): void {
    const slot = level * levelSlots + (Math.floor(this.#tick / slotWidth(level)) % levelSlots);
    let entry = this.#slots[slot];
    this.#slots[slot] = undefined;
    // An expiring timer may clear those after it: each is put back before anything is called.
    const due: Entry[] = [];
    while (entry !== undefined) {
      const { next } = entry;
      this.#count(slot, -1);
      if (level === 0 && entry.deadlineMs <= nowMs) due.push(entry);
      else this.#replace(entry);
      entry = next;
    }
    for (const each of due) each.slot = dueSlot;
    due.sort((a, b) => a.deadlineMs - b.deadlineMs || a.serial - b.serial);
    for (const each of due) each.expireAt(nowMs);
  }

  /** Places a timer that was taken out of its slot. */
  #replace(entry: Entry): void {
    entry.slot = -1;
    this.#activeCount -= 1;
    this.place(entry);
  }

  /** For a timer that expires: it is no longer counted. */
  release(): void {
    this.#activeCount -= 1;
  }

  /** The first tick at which something has to be done; `Infinity` if never. */
  #nextTick(): number {
    let first = Infinity;
    for (let level = 0; level < levelCount; level += 1) {
      if (this.#placed[level] === 0) continue;
      const width = slotWidth(level);
      const current = Math.floor(this.#tick / width);
      const from = level === 0 ? 0 : 1;
      for (let ahead = from; ahead < from + levelSlots; ahead += 1) {
        if (this.#slots[level * levelSlots + ((current + ahead) % levelSlots)] === undefined)
          continue;
        first = Math.min(first, (current + ahead) * width);
        break;
      }
    }
    return first;
  }

  /** When to wake: exactly, where the next timer is in the lowest level. */
  #nextMs(): number {
    const tick = this.#nextTick();
    let first = Infinity;
    for (let entry = this.#slots[tick % levelSlots]; entry !== undefined; entry = entry.next) {
      if (entry.placedMs === tick) first = Math.min(first, entry.deadlineMs);
    }
    return first === Infinity ? tick : first;
  }
}

/** Marks a timer that is about to expire, taken out of its slot. */
const dueSlot = -2;

let serials = 0;

class Entry implements Timer {
  deadlineMs: number = Infinity;
  /** The tick that its slot stands for. */
  placedMs = 0;
  slot = -1;
  next: Entry | undefined = undefined;
  previous: Entry | undefined = undefined;
  readonly serial: number = (serials += 1);
  readonly #timers: Timers;
  readonly #expire: (nowMs: number) => void;

  constructor(timers: Timers, expire: (nowMs: number) => void) {
    this.#timers = timers;
    this.#expire = expire;
  }

  set(deadlineMs: number): void {
    if (deadlineMs === Infinity) {
      this.clear();
      return;
    }
    this.deadlineMs = deadlineMs;
    if (this.slot >= 0 && deadlineMs >= this.placedMs) {
      this.#timers.wakeBy(deadlineMs);
      return;
    }
    this.#leaveDue();
    this.#timers.place(this);
  }

  clear(): void {
    this.deadlineMs = Infinity;
    if (this.slot >= 0) this.#timers.remove(this);
    else this.#leaveDue();
  }

  expireAt(nowMs: number): void {
    // Cleared or set anew by a timer that expired before it in the same slot.
    if (this.slot !== dueSlot) return;
    this.deadlineMs = Infinity;
    this.#leaveDue();
    this.#expire(nowMs);
  }

  #leaveDue(): void {
    if (this.slot !== dueSlot) return;
    this.slot = -1;
    this.#timers.release();
  }
}

function slotWidth(level: number): number {
  return slotMs[level] ?? Infinity;
}
