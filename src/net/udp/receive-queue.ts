import type { Datagram } from "../../devices/index.ts";

/** What is kept of datagrams that nobody has read, at most. */
const maxDatagrams = 1024;
const maxBytes = 262_144;

interface Reader {
  resolve(datagram: Datagram | undefined): void;
  reject(reason: unknown): void;
}

/** Datagrams that wait for readers, or readers that wait for datagrams. */
export class ReceiveQueue {
  readonly #datagrams: Datagram[] = [];
  readonly #readers: Reader[] = [];
  #bytes = 0;
  #error: Error | undefined;
  #isClosed = false;

  /** Whether one more datagram of so many bytes can be kept, or somebody waits for it. */
  hasRoom(bytes: number): boolean {
    return (
      this.#datagrams.length === 0 ||
      (this.#datagrams.length < maxDatagrams && this.#bytes + bytes <= maxBytes)
    );
  }

  /** Hands over a datagram, which is *given*. */
  push(datagram: Datagram): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader.resolve(datagram);
      return;
    }
    this.#datagrams.push(datagram);
    this.#bytes += datagram.bytes.length;
  }

  /** Takes the next datagram that is there already. */
  shift(): Datagram | undefined {
    const datagram = this.#datagrams.shift();
    this.#bytes -= datagram?.bytes.length ?? 0;
    return datagram;
  }

  /** Makes one read fail: the one that waits, or else the next. */
  fail(error: Error): void {
    const reader = this.#readers.shift();
    if (reader === undefined) this.#error = error;
    else reader.reject(error);
  }

  /** Ends all reads, and the later ones, with `undefined`; forgets what nobody read. */
  close(): void {
    this.#isClosed = true;
    this.#datagrams.length = this.#bytes = 0;
    this.#error = undefined;
    for (const reader of this.#readers.splice(0)) reader.resolve(undefined);
  }

  /** As {@link UdpSocket.receive}. */
  async read(signal: AbortSignal | undefined): Promise<Datagram | undefined> {
    signal?.throwIfAborted();
    const error = this.#error;
    this.#error = undefined;
    if (error !== undefined) throw error;
    const datagram = this.shift();
    if (datagram !== undefined || this.#isClosed) return datagram;
    return new Promise((resolve, reject) => {
      const abort = (): void => {
        this.#readers.splice(this.#readers.indexOf(reader), 1);
        reader.reject(signal?.reason);
      };
      const done = (): void => signal?.removeEventListener("abort", abort);
      const reader: Reader = {
        resolve: (datagram) => (done(), resolve(datagram)),
        reject: (reason) => (done(), reject(reason)),
      };
      this.#readers.push(reader);
      signal?.addEventListener("abort", abort);
    });
  }
}
