/** How many entries a chunk has before it is cut in two. */
const maxChunkEntries = 64;

type Entry<T> = readonly [name: string, value: T];
type Chunk<T> = readonly Entry<T>[];

/**
 * Names and what they name, sorted in code unit order. It is never changed: `with` and `without`
 * give another one, which shares all chunks but one with this.
 */
export class SortedEntries<T> implements Iterable<Entry<T>> {
  readonly #chunks: readonly Chunk<T>[];
  readonly size: number;

  constructor(chunks: readonly Chunk<T>[] = [], size = 0) {
    this.#chunks = chunks;
    this.size = size;
  }

  get(name: string): T | undefined {
    const chunk = this.#chunks[this.#chunkIndex(name)] ?? [];
    const entry = chunk[firstFrom(chunk, ([each]) => each >= name)];
    return entry?.[0] === name ? entry[1] : undefined;
  }

  with(name: string, value: T): SortedEntries<T> {
    const index = this.#chunkIndex(name);
    const chunk = this.#chunks[index] ?? [];
    const at = firstFrom(chunk, ([each]) => each >= name);
    const isNew = chunk[at]?.[0] !== name;
    const changed = chunk.toSpliced(at, isNew ? 0 : 1, [name, value]);
    const middle = changed.length >> 1;
    const parts =
      changed.length > maxChunkEntries
        ? [changed.slice(0, middle), changed.slice(middle)]
        : [changed];
    const chunks = this.#chunks.toSpliced(index, 1, ...parts);
    return new SortedEntries(chunks, this.size + (isNew ? 1 : 0));
  }

  without(name: string): SortedEntries<T> {
    const index = this.#chunkIndex(name);
    const chunk = this.#chunks[index] ?? [];
    const left = chunk.filter(([each]) => each !== name);
    if (left.length === chunk.length) return this;
    const chunks = this.#chunks.toSpliced(index, 1, ...(left.length === 0 ? [] : [left]));
    return new SortedEntries(chunks, this.size - 1);
  }

  *[Symbol.iterator](): Iterator<Entry<T>> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** The chunk that a name is in, or would be. */
  #chunkIndex(name: string): number {
    const index = firstFrom(this.#chunks, (chunk) => (chunk.at(-1)?.[0] ?? "") >= name);
    return Math.max(0, Math.min(index, this.#chunks.length - 1));
  }
}

/** The first index where `isReached`, which is false, then true; the length, if it never is. */
function firstFrom<Item>(items: readonly Item[], isReached: (item: Item) => boolean): number {
  let [low, high] = [0, items.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const item = items[middle];
    if (item !== undefined && isReached(item)) high = middle;
    else low = middle + 1;
  }
  return low;
}
