/** Writes below this are gathered into blocks, so that a million of them are not a million arrays. */
const smallBytes = 512;
const blockBytes = 4096;

/** Released chunks at the front of the lists, up to which they stay there. */
const maxReleased = 32;

const none = new Uint8Array(0);

/**
 * Bytes to be sent, from the first that is not acknowledged on. What the user writes is kept as it
 * is, without a copy, unless it is small and follows other bytes.
 */
export class SendQueue {
  /**
   * The chunks, and at which byte of the stream each begins. It ends where the next one begins,
   * whatever room it has beyond.
   */
  #chunks: Uint8Array[] = [];
  #starts: number[] = [];
  /** The chunk of the first byte; those before it are released. */
  #first = 0;
  /** The chunk where the last copy ended, where most often the next begins. */
  #cursor = 0;
  /** Where the first and the next byte are in the stream. */
  #front = 0;
  #end = 0;

  /** Bytes from the first one that was not released. */
  get byteCount(): number {
    return this.#end - this.#front;
  }

  /** Adds bytes (*given*) at the end. */
  append(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length === 0) return;
    if (length >= smallBytes || this.byteCount === 0) {
      this.#add(bytes);
    } else {
      this.#gather(bytes);
    }
    this.#end += length;
  }

  /** Lets go of `count` bytes at the front, which were acknowledged. */
  release(count: number): void {
    this.#check(0, count);
    this.#front += count;
    while (this.#first < this.#chunks.length && this.#endOf(this.#first) <= this.#front) {
      this.#chunks[this.#first] = none;
      this.#first += 1;
    }
    if (this.#first === this.#chunks.length) {
      this.#empty();
    } else if (this.#first > maxReleased && 2 * this.#first > this.#chunks.length) {
      this.#drop(this.#first);
    }
  }

  /**
   * Copies `length` bytes from `offset` after the front on into `into` (*borrowed*), from `start` on;
   * unless given, as many as fill it.
   */
  copy(offset: number, into: Uint8Array, start: number = 0, length: number = into.length): void {
    this.#check(offset, length);
    let at = this.#front + offset;
    let index = this.#find(at);
    let filled = 0;
    while (filled < length) {
      const from = at - (this.#starts[index] ?? 0);
      const end = Math.min(this.#endOf(index), at + length - filled);
      const chunk = this.#chunks[index] ?? none;
      const count = end - at;
      const part = count === chunk.length ? chunk : chunk.subarray(from, from + count);
      into.set(part, start + filled);
      filled += count;
      at = end;
      if (filled < length) index += 1;
    }
    this.#cursor = index;
  }

  /** Lets go of everything. */
  clear(): void {
    this.release(this.byteCount);
  }

  #add(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#starts.push(this.#end);
  }

  #gather(bytes: Uint8Array): void {
    const last = this.#chunks.length - 1;
    const used = this.#end - (this.#starts[last] ?? 0);
    const block = this.#chunks[last];
    // Only a block of the queue's own has room: what was given is as long as its place.
    if (block !== undefined && used + bytes.length <= block.length) {
      block.set(bytes, used);
      return;
    }
    const fresh = new Uint8Array(blockBytes);
    fresh.set(bytes);
    this.#add(fresh);
  }

  #endOf(index: number): number {
    return this.#starts[index + 1] ?? this.#end;
  }

  /** The index of the chunk with the byte `at` of the stream. */
  #find(at: number): number {
    let low = this.#first;
    let high = this.#chunks.length - 1;
    const cursor = Math.max(low, this.#cursor);
    if (at >= (this.#starts[cursor] ?? 0)) {
      low = cursor;
      for (let step = 0; step < 2 && low < high; step += 1) {
        if (at < this.#endOf(low)) return low;
        low += 1;
      }
    } else {
      high = cursor - 1;
    }
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Takes one after another, which in most cases is one: to cut an array is a call of the engine. */
  #empty(): void {
    while (this.#chunks.length > 0) {
      this.#chunks.pop();
      this.#starts.pop();
    }
    this.#first = this.#cursor = 0;
  }

  #drop(count: number): void {
    this.#chunks.splice(0, count);
    this.#starts.splice(0, count);
    this.#first -= count;
    this.#cursor = Math.max(0, this.#cursor - count);
  }

  #check(offset: number, count: number): void {
    if (offset < 0 || count < 0 || offset + count > this.byteCount) {
      throw new RangeError(`Cannot take ${count} bytes at ${offset} of ${this.byteCount}`);
    }
  }
}
