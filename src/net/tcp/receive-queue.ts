/** The sizes of blocks: they start small and double while data comes faster than it is taken. */
const minBlockBytes = 2048;
const maxBlockBytes = 65_536;

/** Bytes below this are copied as they are if they come to an empty queue. */
const smallBytes = 512;

/** Bytes from this on are not worth a place in a block. */
const largeBytes = maxBlockBytes / 2;

/** Blocks that readers gave back, of all queues. */
const spares: ArrayBuffer[] = [];
const maxSpares = 16;

/**
 * Bytes in order that wait for their reader. Segments are copied together into blocks, so that the
 * reader gets few large chunks. An empty queue holds no memory; what readers gave back belongs to
 * all queues.
 */
export class ReceiveQueue {
  /** Chunks that are ready to hand out; no two share a buffer. */
  readonly #ready: Uint8Array[] = [];
  /** The block that comes after them, and how much of it is filled. */
  #block: Uint8Array | undefined;
  #used = 0;
  #nextBlockBytes = minBlockBytes;
  #byteCount = 0;
  /** Whether the reader gives back what it got. */
  #isRecycled = false;

  get byteCount(): number {
    return this.#byteCount;
  }

  /** Adds a copy of bytes (*borrowed*). */
  append(bytes: Uint8Array): void {
    const { length } = bytes;
    if (length >= largeBytes || (length < smallBytes && this.#byteCount === 0)) {
      this.#add(this.#copyOf(bytes));
      return;
    }
    this.#byteCount += length;
    let at = 0;
    while (at < length) {
      const block = (this.#block ??= makeBlock(this.#nextBlockBytes));
      const count = Math.min(length - at, block.length - this.#used);
      block.set(count === length ? bytes : bytes.subarray(at, at + count), this.#used);
      this.#used += count;
      at += count;
      if (this.#used === block.length) this.#seal();
    }
  }

  /** Adds bytes (*given*, with all of their buffer). */
  push(bytes: Uint8Array): void {
    if (bytes.length < minBlockBytes) this.append(bytes);
    else this.#add(bytes);
  }

  /**
   * Gives the next bytes, as many as are at hand in one piece; `undefined` if there are none. They
   * are *fresh*: nothing that is kept shares their buffer, so that it can be transferred.
   */
  take(): Uint8Array | undefined {
    if (this.#ready.length === 0) this.#seal();
    const chunk = this.#ready.shift();
    if (chunk !== undefined) this.#byteCount -= chunk.length;
    return chunk;
  }

  /** Takes back bytes that {@link ReceiveQueue.take} gave, to fill their buffer again. */
  recycle({ buffer }: Uint8Array): void {
    this.#isRecycled = true;
    if (buffer.byteLength !== maxBlockBytes || spares.length >= maxSpares) return;
    if (buffer instanceof ArrayBuffer && !spares.includes(buffer)) spares.push(buffer);
  }

  clear(): void {
    this.#ready.length = 0;
    this.#block = undefined;
    this.#used = 0;
    this.#byteCount = 0;
  }

  #copyOf(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (!this.#isRecycled || length < largeBytes || length > maxBlockBytes) return bytes.slice();
    const block = makeBlock(maxBlockBytes);
    block.set(bytes);
    return block.subarray(0, length);
  }

  #add(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    this.#seal();
    this.#ready.push(chunk);
    this.#byteCount += chunk.length;
  }

  /** Makes what is in the block ready: as a view, or as a copy if most of the block is empty. */
  #seal(): void {
    const block = this.#block;
    const used = this.#used;
    if (block === undefined) return;
    this.#block = undefined;
    this.#used = 0;
    const isWorthIt = 4 * used >= block.length;
    this.#ready.push(isWorthIt ? block.subarray(0, used) : block.slice(0, used));
    if (used === block.length) {
      this.#nextBlockBytes = Math.min(2 * block.length, maxBlockBytes);
    } else if (!isWorthIt) {
      this.#nextBlockBytes = Math.max(block.length / 2, minBlockBytes);
    }
  }
}

function makeBlock(sizeBytes: number): Uint8Array {
  const spare = sizeBytes === maxBlockBytes ? spares.pop() : undefined;
  return spare === undefined ? new Uint8Array(sizeBytes) : new Uint8Array(spare);
}
