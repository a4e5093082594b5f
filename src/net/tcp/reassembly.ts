import type { SackBlock } from "./packet.ts";
import { add, difference, isAtOrBefore, isBefore, later } from "./sequence.ts";

const maxRuns = 256;

/** What a chunk costs beside its bytes, about; so that chunks of one byte are not for nothing. */
const chunkOverheadBytes = 256;

const none = new Uint8Array(0);

/** Bytes without a gap. */
interface Run {
  left: number;
  right: number;
  /** From `first` on; those before it were taken. */
  readonly chunks: Uint8Array[];
  first: number;
  /** When it last grew, in insertions. */
  changed: number;
}

/**
 * Bytes that came before others which are still missing. Where segments overlap, what came first
 * stays, so that nobody can change bytes that a reader may have been told of.
 *
 * All sequence numbers in it must be less than 2^31 apart, as those within a window are.
 */
export class Reassembly {
  readonly #maxBytes: number;
  /** In order; between two there is a gap. */
  readonly #runs: Run[] = [];
  #byteCount = 0;
  #costBytes = 0;
  #insertionCount = 0;

  /** With room for `maxBytes`, in which each chunk counts 256 bytes more than it has. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get byteCount(): number {
    return this.#byteCount;
  }

  /** Runs of bytes with gaps between them. */
  get runCount(): number {
    return this.#runs.length;
  }

  /**
   * Keeps a copy of what is new in `payload` (*borrowed*), whose first byte is `sequence`. False if
   * there is no room for it, in bytes or in runs (256); then nothing of it is kept.
   */
  insert(sequence: number, payload: Uint8Array): boolean {
    if (payload.length === 0) return true;
    const end = add(sequence, payload.length);
    const runs = this.#runs;
    // The runs from `first` to before `last` overlap the payload or touch it.
    let last = runs.length;
    while (last > 0 && isBefore(end, runs[last - 1]?.left ?? 0)) last -= 1;
    let first = last;
    while (first > 0 && isAtOrBefore(sequence, runs[first - 1]?.right ?? 0)) first -= 1;
    const run = runs[first];
    if (run === undefined || first === last) {
      if (runs.length >= maxRuns || !this.#hasRoom(payload.length, 1)) return false;
      const chunks = [this.#keep(payload)];
      const changed = ++this.#insertionCount;
      runs.splice(first, 0, { left: sequence, right: end, chunks, first: 0, changed });
      return true;
    }
    const gaps =
      (isBefore(sequence, run.left) ? 1 : 0) +
      (last - first - 1) +
      (isBefore(runs[last - 1]?.right ?? 0, end) ? 1 : 0);
    if (gaps > 0 && !this.#hasRoom(payload.length, gaps)) return false;
    run.changed = ++this.#insertionCount;
    if (gaps > 0) this.#extend(first, last, sequence, payload);
    return true;
  }

  /**
   * Takes the next bytes (*fresh*) that begin at `next` or before it, without those before it;
   * `undefined` if there are none. They are one chunk of perhaps many, so ask again.
   */
  take(next: number): Uint8Array | undefined {
    for (;;) {
      const run = this.#runs[0];
      const chunk = run?.chunks[run.first];
      if (run === undefined || chunk === undefined || isBefore(next, run.left)) return undefined;
      const skipped = difference(next, run.left);
      run.chunks[run.first] = none;
      run.first += 1;
      run.left = add(run.left, chunk.length);
      this.#byteCount -= chunk.length;
      this.#costBytes -= chunk.length + chunkOverheadBytes;
      if (run.left === run.right) this.#runs.shift();
      if (skipped < chunk.length) return skipped === 0 ? chunk : chunk.subarray(skipped);
    }
  }

  /**
   * Up to `max` of the runs, those that changed last first. They are views of the state, good until
   * the next call.
   *
   * @see RFC 2018, section 4
   */
  blocks(max: number): readonly SackBlock[] {
    const found: Run[] = [];
    let before = Infinity;
    while (found.length < max) {
      let latest: Run | undefined;
      for (const run of this.#runs) {
        if (run.changed < before && run.changed > (latest?.changed ?? 0)) latest = run;
      }
      if (latest === undefined) break;
      found.push(latest);
      before = latest.changed;
    }
    return found;
  }

  /** The first bytes from `start` to before `end` that are held. */
  firstHeld(start: number, end: number): SackBlock | undefined {
    for (const run of this.#runs) {
      if (isBefore(start, run.right) && isBefore(run.left, end)) {
        const right = isBefore(end, run.right) ? end : run.right;
        return { left: later(start, run.left), right };
      }
    }
    return undefined;
  }

  clear(): void {
    this.#runs.length = 0;
    this.#byteCount = 0;
    this.#costBytes = 0;
  }

  /** Adds what is new in a payload to the first of the runs that it touches, and joins them. */
  #extend(first: number, last: number, sequence: number, payload: Uint8Array): void {
    const run = this.#runs[first];
    if (run === undefined) return;
    if (isBefore(sequence, run.left)) {
      const chunk = this.#keep(payload.subarray(0, difference(run.left, sequence)));
      if (run.first > 0) run.chunks[--run.first] = chunk;
      else run.chunks.unshift(chunk);
      run.left = sequence;
    }
    for (const other of this.#runs.splice(first + 1, last - first - 1)) {
      const gap = difference(other.left, sequence);
      run.chunks.push(this.#keep(payload.subarray(difference(run.right, sequence), gap)));
      for (let index = other.first; index < other.chunks.length; index += 1) {
        run.chunks.push(other.chunks[index] ?? none);
      }
      run.right = other.right;
    }
    const held = difference(run.right, sequence);
    if (held < payload.length) {
      run.chunks.push(this.#keep(payload.subarray(held)));
      run.right = add(sequence, payload.length);
    }
  }

  #hasRoom(bytes: number, chunks: number): boolean {
    return this.#costBytes + bytes + chunks * chunkOverheadBytes <= this.#maxBytes;
  }

  /** A copy of bytes, counted. */
  #keep(bytes: Uint8Array): Uint8Array {
    this.#byteCount += bytes.length;
    this.#costBytes += bytes.length + chunkOverheadBytes;
    return bytes.slice();
  }
}
