/** The user's side of a connection: {@link TcpFlow} with its promises. */

import { FlowError, type FlowErrorCode } from "../../devices/errors.ts";
import type { Endpoint, TcpFlow } from "../../devices/index.ts";
import { formatAddress } from "../address.ts";
import { readableOf, writableOf } from "../flow-streams.ts";
import type { Connection, ConnectionFailure, ConnectionUser } from "./connection.ts";

interface Waiter<Value> {
  resolve(value: Value): void;
  reject(reason: unknown): void;
}

const messages: Readonly<Record<FlowErrorCode, string>> = {
  closed: "it was closed",
  reset: "the peer reset the connection",
  "timed-out": "the peer does not answer",
  malformed: "what arrived makes no sense",
};

/** A connection as its user sees it. */
export class ConnectionFlow implements TcpFlow, ConnectionUser {
  readonly #connection: Connection;
  readonly #nowMs: () => number;
  readonly #totals = { bytesIn: 0, bytesOut: 0 };
  #reader: Waiter<Uint8Array | undefined> | undefined;
  #writers: Waiter<void>[] = [];
  #counters: Readonly<Record<string, number>> | undefined;
  #code: FlowErrorCode | undefined;
  #isEnded = false;
  #isReadShut = false;
  #isWriteShut = false;
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;

  constructor(connection: Connection, nowMs: () => number) {
    this.#connection = connection;
    this.#nowMs = nowMs;
    connection.user = this;
  }

  get local(): Endpoint {
    const { local, localPort } = this.#connection;
    return { address: formatAddress(local), port: localPort };
  }

  get remote(): Endpoint {
    const { remote, remotePort } = this.#connection;
    return { address: formatAddress(remote), port: remotePort };
  }

  get counters(): Readonly<Record<string, number>> {
    return (this.#counters ??= countersOf(this.#connection, this.#totals));
  }

  get readable(): ReadableStream<Uint8Array> {
    return (this.#readable ??= readableOf(this));
  }

  get writable(): WritableStream<Uint8Array> {
    return (this.#writable ??= writableOf(this));
  }

  read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    if (signal?.aborted === true) return Promise.reject(signal.reason);
    if (this.#reader !== undefined) {
      return Promise.reject(new TypeError("Cannot read: another read is waiting"));
    }
    if (this.#isReadShut) return this.#readAfterEnd();
    const bytes = this.#take();
    if (bytes !== undefined) return Promise.resolve(bytes);
    if (this.#isEnded || this.#connection.receiver.isFinReceived) return this.#readAfterEnd();
    return new Promise((resolve, reject) => {
      this.#reader =
        signal === undefined
          ? { resolve, reject }
          : withSignal(resolve, reject, signal, () => {
              this.#reader = undefined;
            });
    });
  }

  recycle(bytes: Uint8Array): void {
    this.#connection.receiver.queue.recycle(bytes);
  }

  writeUrgent(bytes: Uint8Array): Promise<void> {
    return this.write(bytes, true);
  }

  write(bytes: Uint8Array, isUrgent: boolean = false): Promise<void> {
    if (this.#code !== undefined) return Promise.reject(this.#error("write"));
    if (this.#isWriteShut) return Promise.reject(this.#error("write", "closed"));
    this.#totals.bytesOut += bytes.length;
    if (bytes.length > 0) this.#connection.write(bytes, this.#nowMs(), isUrgent);
    if (this.#connection.isWritable) return Promise.resolve();
    return new Promise((resolve, reject) => this.#writers.push({ resolve, reject }));
  }

  async shutdown(direction: "read" | "write" | "both"): Promise<void> {
    if (direction !== "write") this.#shutRead();
    if (direction !== "read") this.#shutWrite();
  }

  abort(): void {
    if (this.#isEnded) return;
    this.#code = "closed";
    this.#isWriteShut = true;
    this.#connection.receiver.queue.clear();
    this.#connection.abort(this.#nowMs());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const hasInput = this.#connection.receiver.queue.byteCount > 0 && !this.#isReadShut;
    if (hasInput && !this.#isEnded) {
      this.abort();
    } else {
      this.#shutRead();
      this.#shutWrite();
      if (!this.#isEnded) this.#connection.orphan(this.#nowMs());
    }
    this.#connection.receiver.queue.clear();
    this.#code ??= "closed";
  }

  established(): void {}

  /** Something has arrived, or the end of it. */
  hasInput(): void {
    const reader = this.#reader;
    if (reader === undefined) return;
    const bytes = this.#take();
    if (bytes === undefined && !this.#connection.receiver.isFinReceived) return;
    this.#reader = undefined;
    reader.resolve(bytes);
  }

  /** There is room to write. */
  hasRoom(): void {
    if (this.#writers.length === 0) return;
    const writers = this.#writers;
    this.#writers = [];
    for (const writer of writers) writer.resolve();
  }

  ended(failure: ConnectionFailure | undefined): void {
    this.#isEnded = true;
    if (failure !== undefined) this.#code ??= codeOf(failure);
    this.hasInput();
    const reader = this.#reader;
    this.#reader = undefined;
    if (this.#code === undefined) reader?.resolve(undefined);
    else reader?.reject(this.#error("read"));
    const writers = this.#writers;
    this.#writers = [];
    for (const writer of writers) {
      if (this.#code === undefined) writer.resolve();
      else writer.reject(this.#error("write"));
    }
  }

  #take(): Uint8Array | undefined {
    if (this.#connection.receiver.queue.byteCount === 0) return undefined;
    const bytes = this.#connection.read(this.#nowMs());
    if (bytes !== undefined) this.#totals.bytesIn += bytes.length;
    return bytes;
  }

  #readAfterEnd(): Promise<undefined> {
    return this.#code === undefined
      ? Promise.resolve(undefined)
      : Promise.reject(this.#error("read"));
  }

  #shutRead(): void {
    if (this.#isReadShut) return;
    this.#isReadShut = true;
    this.#connection.receiver.discard();
    this.#reader?.resolve(undefined);
    this.#reader = undefined;
  }

  #shutWrite(): void {
    if (this.#isWriteShut) return;
    this.#isWriteShut = true;
    if (!this.#isEnded) this.#connection.close(this.#nowMs());
  }

  #error(what: string, code: FlowErrorCode = this.#code ?? "closed"): FlowError {
    const { address, port } = this.remote;
    return new FlowError(code, `Cannot ${what}: ${messages[code]} (${address}, port ${port})`);
  }
}

function codeOf(failure: ConnectionFailure): FlowErrorCode {
  if (failure === "closed" || failure === "reset") return failure;
  return failure === "refused" ? "reset" : "timed-out";
}

function withSignal<Value>(
  resolve: (value: Value) => void,
  reject: (reason: unknown) => void,
  signal: AbortSignal,
  forget: () => void,
): Waiter<Value> {
  const abort = (): void => {
    forget();
    reject(signal.reason);
  };
  signal.addEventListener("abort", abort, { once: true });
  return {
    resolve: (value) => {
      signal.removeEventListener("abort", abort);
      resolve(value);
    },
    reject: (reason) => {
      signal.removeEventListener("abort", abort);
      reject(reason);
    },
  };
}

/** Totals, and beside them how the connection stands now. */
function countersOf(
  { recovery, receiver, sender }: Connection,
  totals: { readonly bytesIn: number; readonly bytesOut: number },
): Readonly<Record<string, number>> {
  return {
    get bytesIn() {
      return totals.bytesIn;
    },
    get bytesOut() {
      return totals.bytesOut;
    },
    get retransmissions() {
      return recovery.retransmissions;
    },
    get timeouts() {
      return recovery.timeouts;
    },
    get congestionWindowBytes() {
      return Math.round(recovery.congestion.windowBytes);
    },
    get flightBytes() {
      return recovery.flightBytes;
    },
    get peerWindowBytes() {
      return sender.wnd;
    },
    get urgentBytes() {
      return receiver.urgentBytes;
    },
    get roundTripMicroseconds() {
      return Math.round(1000 * (recovery.roundTrip.smoothedMs ?? 0));
    },
  };
}
