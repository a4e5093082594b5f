/** An event to come: what happens, when, and its place in the heap. */
interface Event {
  readonly atNs: number;
  /** Events of the same instant happen in the order they were planned. */
  readonly sequence: number;
  readonly action: () => void;
  index: number;
}

/**
 * Virtual time and what is to happen in it. Time stands still while code runs, but for one
 * nanosecond a reading, and jumps when {@link Timeline.advance} is called.
 *
 * Time is a `number` of nanoseconds: exact for 104 days, and strictly increasing after that too.
 */
export class Timeline {
  #nowNs = 0;
  #sequence = 0;
  /** A binary heap: no event comes before its parent, which is at `(index - 1) >> 1`. */
  readonly #heap: Event[] = [];

  /** The time now. Does not move it. */
  get nowNs(): number {
    return this.#nowNs;
  }

  /** The time of the next event, or `undefined` if nothing is to come. */
  get nextNs(): number | undefined {
    const next = this.#heap[0];
    return next && Math.max(next.atNs, this.#nowNs);
  }

  /** A reading of the time: each is greater than the one before. */
  read(): number {
    // A double has 53 bits: where they end, two units in the last place still survive a division.
    this.#nowNs += Math.max(1, Math.ceil(this.#nowNs * 2 ** -51));
    return this.#nowNs;
  }

  /**
   * Plans `action` for a time; one that is past means as soon as possible, `Infinity` never.
   * Returns the undoing.
   *
   * @throws {RangeError} for NaN
   */
  at(atNs: number, action: () => void): () => void {
    if (Number.isNaN(atNs)) throw new RangeError("Cannot plan for NaN: not a time");
    // Nothing may jump to the end of time.
    if (atNs === Number.POSITIVE_INFINITY) return () => {};
    const event = { atNs, sequence: this.#sequence++, action, index: this.#heap.length };
    this.#heap.push(event);
    this.#rise(event);
    return () => this.#remove(event);
  }

  /** Plans `action` for `delayMs` milliseconds from now. Returns the undoing. */
  after(delayMs: number, action: () => void): () => void {
    return this.at(this.#nowNs + Math.ceil(delayMs * 1e6), action);
  }

  /** Jumps to the next event and lets it happen. Returns whether there was one. */
  advance(): boolean {
    const next = this.#heap[0];
    if (next === undefined) return false;
    this.#remove(next);
    this.#nowNs = Math.max(this.#nowNs, next.atNs);
    next.action();
    return true;
  }

  #remove(event: Event): void {
    if (this.#heap[event.index] !== event) return;
    const last = this.#heap.pop();
    if (last === undefined || last === event) return;
    this.#place(last, event.index);
    this.#rise(last);
    this.#sink(last);
  }

  #rise(event: Event): void {
    for (;;) {
      const parent = this.#heap[(event.index - 1) >> 1];
      if (event.index === 0 || parent === undefined || isBefore(parent, event)) return;
      this.#swap(parent, event);
    }
  }

  #sink(event: Event): void {
    for (;;) {
      const left = this.#heap[2 * event.index + 1];
      const right = this.#heap[2 * event.index + 2];
      const child = left && right && isBefore(right, left) ? right : left;
      if (child === undefined || isBefore(event, child)) return;
      this.#swap(event, child);
    }
  }

  #swap(upper: Event, lower: Event): void {
    const { index } = upper;
    this.#place(upper, lower.index);
    this.#place(lower, index);
  }

  #place(event: Event, index: number): void {
    this.#heap[index] = event;
    event.index = index;
  }
}

function isBefore(one: Event, other: Event): boolean {
  return one.atNs === other.atNs ? one.sequence < other.sequence : one.atNs < other.atNs;
}
