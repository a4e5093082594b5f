/** Flows in memory, for tests of what stands on one. */

import { FlowError, ProtocolError } from "../src/devices/errors.ts";
import type { Endpoint, Tcp, TcpFlow, TcpListener } from "../src/devices/index.ts";
import { Simulation } from "../src/simulated/index.ts";
import { readableOf, writableOf } from "../src/net/flow-streams.ts";

export const bytesOf = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(text, (char) => char.charCodeAt(0));

export const textOf = (bytes: Uint8Array | undefined): string =>
  String.fromCharCode(...(bytes ?? []));

/** One end of a connection in memory, which loses nothing and takes no time. */
export class MemoryFlow implements TcpFlow {
  readonly counters = {};
  readonly local = { address: "10.0.0.2", port: 80 };
  readonly remote = { address: "10.0.0.1", port: 50_000 };
  /** What was written, one entry for each call. */
  readonly written: Uint8Array[] = [];
  /** The other end; without one, what is written is only kept. */
  peer: MemoryFlow | undefined;
  /** How the flow ended, as its user sees it. */
  isAborted = false;
  isWriteShut = false;
  isDisposed = false;
  /** What writes wait for. */
  room: Promise<void> = Promise.resolve();
  #queue: (Uint8Array | undefined)[] = [];
  #failure: FlowError | undefined;
  #reader:
    | { resolve(bytes: Uint8Array | undefined): void; reject(error: unknown): void }
    | undefined;

  /** Everything that was written, as text. */
  get text(): string {
    return this.written.map(textOf).join("");
  }

  /** Lets bytes arrive, or the end of the stream. */
  arrive(bytes: Uint8Array | string | undefined): void {
    this.#queue.push(typeof bytes === "string" ? bytesOf(bytes) : bytes);
    this.#serve();
  }

  /** Lets the flow fail, as if the peer had reset it. */
  fail(code: "reset" | "timed-out" = "reset"): void {
    this.#failure = new FlowError(code, "Cannot read: the peer is gone");
    this.#serve();
  }

  read(): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
      this.#serve();
    });
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.isWriteShut) throw new FlowError("closed", "Cannot write: it was closed");
    this.written.push(bytes);
    if (bytes.length > 0) this.peer?.arrive(bytes.slice());
    await this.room;
  }

  async shutdown(direction: "read" | "write" | "both"): Promise<void> {
    if (direction === "read" || this.isWriteShut) return;
    this.isWriteShut = true;
    this.peer?.arrive(undefined);
  }

  abort(): void {
    if (this.isAborted || this.isDisposed) return;
    this.isAborted = true;
    this.#failure = new FlowError("closed", "Cannot read: it was closed");
    this.#serve();
    this.peer?.fail();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.isDisposed) return;
    this.isDisposed = true;
    await this.shutdown("write");
  }

  get readable(): ReadableStream<Uint8Array> {
    return readableOf(this);
  }

  get writable(): WritableStream<Uint8Array> {
    return writableOf(this);
  }

  #serve(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    if (this.#failure !== undefined) {
      this.#reader = undefined;
      reader.reject(this.#failure);
    } else if (this.#queue.length > 0) {
      this.#reader = undefined;
      // The end of a stream stays.
      reader.resolve(this.#queue[0] === undefined ? undefined : this.#queue.shift());
    }
  }
}

/** Both ends of a connection. */
export function memoryFlows(): [MemoryFlow, MemoryFlow] {
  const one = new MemoryFlow();
  const other = new MemoryFlow();
  one.peer = other;
  other.peer = one;
  return [one, other];
}

/** Connections in memory between those who connect and those who listen, by port. */
export class MemoryTcp implements Tcp {
  readonly counters = {};
  readonly #accepts = new Map<number, (flow: TcpFlow) => void | Promise<void>>();

  async connect(to: Endpoint): Promise<MemoryFlow> {
    return this.open(to.port);
  }

  /** Connects to who listens on a port. */
  open(port: number): MemoryFlow {
    const accept = this.#accepts.get(port);
    if (accept === undefined) throw new ProtocolError("refused", "Cannot connect: nobody listens");
    const [client, server] = memoryFlows();
    void Promise.resolve(accept(server)).catch(() => server.abort());
    return client;
  }

  listen(port: number, accept: (flow: TcpFlow) => void | Promise<void>): TcpListener {
    this.#accepts.set(port, accept);
    return {
      counters: {},
      local: { address: "::", port },
      [Symbol.asyncDispose]: async () => void this.#accepts.delete(port),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#accepts.clear();
  }
}

/** Lets everything happen that waits for no time. */
export async function settled(turns: number = 4): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A simulation in which time passes when the test runs it. */
export function httpSimulation(seed: number = 1): Simulation {
  return new Simulation({ seed, turn: () => new Promise((resolve) => setImmediate(resolve)) });
}
