/** Those who want to hear of something: the many behind one `onChange`. */

/** Listeners, called in the order in which they were added. */
export class Listeners<Value = void> {
  readonly #entries = new Set<{ readonly listener: (value: Value) => void }>();

  /** Adds a listener, also one that is there already. Returns the function that takes it off. */
  add(listener: (value: Value) => void): () => void {
    const entry = { listener };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  call(value: Value): void {
    for (const { listener } of this.#entries) listener(value);
  }

  clear(): void {
    this.#entries.clear();
  }
}
