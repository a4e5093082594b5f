import type { Endpoint, TcpFlow } from "../../devices/index.ts";
import { readableOf, writableOf } from "../flow-streams.ts";
import type { FlowReader } from "./flow-reader.ts";

/** A connection that is HTTP's no more: a flow that begins with what was read of it too far. */
export class ReaderFlow implements TcpFlow {
  readonly #flow: TcpFlow;
  readonly #reader: FlowReader;
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  constructor(flow: TcpFlow, reader: FlowReader) {
    this.#flow = flow;
    this.#reader = reader;
    reader.setPatience(Infinity);
  }

  get local(): Endpoint {
    return this.#flow.local;
  }

  get remote(): Endpoint {
    return this.#flow.remote;
  }

  get counters(): Readonly<Record<string, number>> {
    return this.#flow.counters;
  }

  get readable(): ReadableStream<Uint8Array> {
    return (this.#readable ??= readableOf(this));
  }

  get writable(): WritableStream<Uint8Array> {
    return (this.#writable ??= writableOf(this));
  }

  async read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    signal?.throwIfAborted();
    const bytes = this.#reader.take(Infinity);
    if (bytes !== undefined) return bytes;
    const abort = (): void => this.#reader.stopWaiting(signal?.reason);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      await this.#reader.more();
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    return this.#reader.take(Infinity);
  }

  write(bytes: Uint8Array): Promise<void> {
    return this.#flow.write(bytes);
  }

  async shutdown(direction: "read" | "write" | "both"): Promise<void> {
    await this.#flow.shutdown(direction);
    if (direction !== "write") this.#reader.consume(this.#reader.byteCount);
  }

  abort(): void {
    this.#reader.release();
    this.#flow.abort();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#reader.release();
    return this.#flow[Symbol.asyncDispose]();
  }
}
