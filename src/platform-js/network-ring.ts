/**
 * A ring in shared memory for each direction of a link, in place of batches that are transferred.
 * Only where threads may share memory, which is where the page is cross-origin isolated. The end
 * that offers it gives its own address, so that the other loads this file only then.
 *
 * A ring is 16 control words and then bytes, in which frames lie as in a batch, each in one piece.
 * Its writer starts again at the beginning where the next one does not fit before the end:
 *
 *     head: where the reader is                     tail: where the writer is
 *     wrap: where the last bytes before the beginning end, when the tail is before the head
 *     asleep: 1 if the reader wants to be told of more
 *
 * What the other end writes may be anything. An index that makes no sense is counted, and taken for
 * a ring that is empty to its reader, or full to its writer.
 */

/** Memory that both ends share, for frames on their way to the other end. */
export interface Ring {
  /** Frames are laid down in it as in a batch. */
  readonly bytes: Uint8Array;
  /**
   * Finds room for `sizeBytes`, after what was written up to `usedBytes`. Returns where it starts
   * and sets {@link Ring.limitBytes}; `undefined` if there is none.
   */
  reserve(usedBytes: number, sizeBytes: number): number | undefined;
  /** Where the room ends that was found last. */
  readonly limitBytes: number;
  /** Lets the other end read what was written up to `usedBytes`. */
  publish(usedBytes: number): void;
  /** Reads no more. */
  close(): void;
}

/** What a ring needs of the link whose frames it carries. */
export interface RingLink {
  readonly counters: { malformedIn: number };
  /** Is asked first what to do with a message; returns whether it took it. */
  onMessage: ((message: unknown) => boolean) | undefined;
  /** Sends a message after everything written before it. */
  post(message: unknown): void;
  /** Lets frames from now on leave by a ring. */
  sendBy(ring: Ring): void;
  /** Receives a batch of frames, which is *borrowed*. */
  receive(bytes: Uint8Array): void;
}

const word = { head: 0, tail: 1, wrap: 2, asleep: 3 } as const;
const controlBytes = 64;
const ringBytes = 4 * 1024 * 1024;

/** Where the first frame has its header, as in a batch. */
const firstOffset = 2;

/** What one end tells the other. */
type RingMessage =
  /** Here are the rings, and the address of this file. */
  | {
      readonly kind: "ring";
      readonly url: string;
      readonly there: SharedArrayBuffer;
      readonly back: SharedArrayBuffer;
    }
  /** Frames come by the ring from now on. */
  | { readonly kind: "ring-begins" }
  /** There is something in the ring. */
  | { readonly kind: "ring-bell" };

/** Offers rings to the other end of a link, which goes on as it is until it has taken them. */
export function offer(link: RingLink): void {
  const [there, back] = [emptyRing(), emptyRing()];
  const pair = new RingPair(link, there, back);
  link.onMessage = (message) => pair.take(message);
  link.post({ kind: "ring", url: import.meta.url, there, back } satisfies RingMessage);
}

/** Takes the rings that a message of the other end offers. */
export function join(link: RingLink, message: unknown): void {
  const { there, back } = message as Partial<Record<string, unknown>>;
  if (!isRing(there) || !isRing(back)) {
    link.counters.malformedIn += 1;
    return;
  }
  const pair = new RingPair(link, back, there);
  link.onMessage = (message) => pair.take(message);
  pair.begin();
}

function emptyRing(): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(controlBytes + ringBytes);
  const control = new Int32Array(memory, 0, controlBytes / 4);
  control[word.head] = firstOffset;
  control[word.tail] = firstOffset;
  return memory;
}

function isRing(memory: unknown): memory is SharedArrayBuffer {
  return memory instanceof SharedArrayBuffer && memory.byteLength === controlBytes + ringBytes;
}

/** Both directions, at one end. */
class RingPair implements Ring {
  readonly bytes: Uint8Array;
  limitBytes = 0;

  readonly #link: RingLink;
  readonly #out: Int32Array;
  readonly #in: Int32Array;
  readonly #inBytes: Uint8Array;
  /** Wakes this end itself, after other work had its turn. */
  #turn: MessageChannel | undefined;
  #published: number = firstOffset;
  #head: number = firstOffset;
  #isSending = false;
  #isReceiving = false;

  constructor(link: RingLink, out: SharedArrayBuffer, back: SharedArrayBuffer) {
    this.#link = link;
    this.#out = new Int32Array(out, 0, controlBytes / 4);
    this.bytes = new Uint8Array(out, controlBytes);
    this.#in = new Int32Array(back, 0, controlBytes / 4);
    this.#inBytes = new Uint8Array(back, controlBytes);
  }

  /** Sends by the ring from now on. */
  begin(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    this.#turn = new MessageChannel();
    this.#turn.port1.onmessage = () => this.#drain();
    this.#link.post({ kind: "ring-begins" } satisfies RingMessage);
    this.#link.sendBy(this);
  }

  reserve(usedBytes: number, sizeBytes: number): number | undefined {
    const head = Atomics.load(this.#out, word.head);
    if (!this.#isOffset(head)) {
      this.#link.counters.malformedIn += 1;
      return undefined;
    }
    // The tail must not reach a head that is before it: that would be an empty ring.
    this.limitBytes = usedBytes >= head ? this.bytes.length : head - 1;
    if (usedBytes + sizeBytes <= this.limitBytes) return usedBytes;
    if (usedBytes < head || firstOffset + sizeBytes > head - 1) return undefined;
    this.limitBytes = head - 1;
    Atomics.store(this.#out, word.wrap, usedBytes);
    return firstOffset;
  }

  publish(usedBytes: number): void {
    if (usedBytes === this.#published) return;
    this.#published = usedBytes;
    Atomics.store(this.#out, word.tail, usedBytes);
    if (Atomics.exchange(this.#out, word.asleep, 0) === 0) return;
    this.#link.post({ kind: "ring-bell" } satisfies RingMessage);
  }

  close(): void {
    this.#isReceiving = false;
    this.#turn?.port1.close();
  }

  /** Takes a message of the other end, if it is about the rings. */
  take(message: unknown): boolean {
    switch ((message as Partial<RingMessage> | null)?.kind) {
      case "ring-begins":
        this.#isReceiving = true;
        this.begin();
        this.#drain();
        return true;
      case "ring-bell":
        this.#drain();
        return true;
      default:
        // Whatever else is said, such as that the other end goes, comes after what is in the ring.
        if (this.#isReceiving) this.#drain();
        return false;
    }
  }

  /** Receives what is there, and asks to be told when there is more. */
  #drain(): void {
    if (!this.#isReceiving) return;
    const makesSense = this.#receive();
    Atomics.store(this.#in, word.asleep, 1);
    if (!makesSense || Atomics.load(this.#in, word.tail) === this.#head) return;
    // More has come meanwhile. If its writer did not see that we sleep, nobody else wakes us.
    const isUnseen = Atomics.exchange(this.#in, word.asleep, 0) === 1;
    if (isUnseen) this.#turn?.port2.postMessage(undefined);
  }

  /** Says whether the other end's indices make sense. */
  #receive(): boolean {
    const tail = Atomics.load(this.#in, word.tail);
    const wrap = Atomics.load(this.#in, word.wrap);
    const isWrapped = tail < this.#head;
    if (!this.#isOffset(tail) || (isWrapped && !(wrap >= this.#head && this.#isOffset(wrap)))) {
      this.#link.counters.malformedIn += 1;
      return false;
    }
    if (isWrapped) {
      this.#receiveUpTo(wrap);
      this.#head = firstOffset;
    }
    this.#receiveUpTo(tail);
    Atomics.store(this.#in, word.head, this.#head);
    return true;
  }

  #receiveUpTo(end: number): void {
    const from = this.#head - firstOffset;
    if (this.#isReceiving && end > this.#head)
      this.#link.receive(this.#inBytes.subarray(from, end));
    this.#head = end;
  }

  #isOffset(value: number): boolean {
    return value >= firstOffset && value <= this.bytes.length && value % 4 === firstOffset;
  }
}
