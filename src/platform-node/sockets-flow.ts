/** A TCP connection of the kernel's. */

import type { Socket } from "node:net";
import { FlowError } from "../devices/errors.ts";
import type { Endpoint, TcpFlow, TcpOptions } from "../devices/index.ts";
import { errorBehindEnd } from "./kernel-handles.ts";
import { flowErrorOf } from "./sockets-errors.ts";

/** How long a disposed flow is waited for; its peer may take what was written longer than that. */
const lingerMs = 1_000;

interface Reader {
  readonly resolve: (bytes: Uint8Array | undefined) => void;
  readonly reject: (error: Error) => void;
}

interface Writer {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * A flow over a connected socket. What nobody has read yet is at most what Node reads at a time and
 * what the stream holds; then the kernel's window closes.
 */
export class SocketFlow implements TcpFlow {
  readonly counters = { bytesIn: 0, bytesOut: 0 };
  readonly local: Endpoint;
  readonly remote: Endpoint;
  readonly #socket: Socket;
  #chunks: Uint8Array[] = [];
  #reader: Reader | undefined;
  #writers: Writer[] = [];
  /** Writes that the kernel has not taken. */
  #unwrittenCount = 0;
  #isInputOver = false;
  #isOutputOver = false;
  /** Whether nobody wants anything of the socket behind the last write. */
  #isLast = false;
  /** What later calls reject with. */
  #error: FlowError | undefined;
  #readable: ReadableStream<Uint8Array> | undefined;
  #writable: WritableStream<Uint8Array> | undefined;
  #closing: Promise<void> | undefined;

  /** Takes a connected socket over, which stays open when one side is done. */
  constructor(socket: Socket, { noDelay = false, keepAliveMs }: TcpOptions) {
    this.#socket = socket;
    this.local = endpoint(socket.localAddress, socket.localPort);
    this.remote = endpoint(socket.remoteAddress, socket.remotePort);
    socket.setNoDelay(noDelay);
    if (keepAliveMs !== undefined) socket.setKeepAlive(true, keepAliveMs);
    socket.on("data", (chunk) => this.#receive(chunk));
    socket.on("end", () => {
      const code = errorBehindEnd(socket);
      if (code === undefined) this.#endInput();
      else socket.destroy(Object.assign(new Error(`the kernel says ${code}`), { code }));
    });
    socket.on("drain", () => this.#settleWriters());
    socket.on("error", (error) => this.#fail(flowErrorOf(error)));
    socket.on("close", () => this.#fail(closedError()));
  }

  read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    if (this.#closing !== undefined) return Promise.reject(closedError());
    if (this.#reader !== undefined) {
      return Promise.reject(new TypeError("Cannot read: another read is waiting"));
    }
    const chunk = this.#chunks.shift();
    if (this.#chunks.length === 0) this.#socket.resume();
    if (chunk !== undefined) return Promise.resolve(chunk);
    if (this.#isInputOver) return Promise.resolve(undefined);
    if (this.#error !== undefined) return Promise.reject(this.#error);
    return this.#wait(signal);
  }

  write(bytes: Uint8Array): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    if (this.#isOutputOver) return Promise.reject(closedError());
    if (bytes.length === 0) return Promise.resolve();
    this.counters.bytesOut += bytes.length;
    this.#unwrittenCount++;
    const hasRoom = this.#socket.write(bytes, this.#written);
    if (hasRoom) return Promise.resolve();
    return new Promise((resolve, reject) => this.#writers.push({ resolve, reject }));
  }

  async shutdown(direction: "read" | "write" | "both"): Promise<void> {
    if (direction !== "read" && !this.#isOutputOver) {
      this.#isOutputOver = true;
      this.#endOutput();
    }
    if (direction !== "write") {
      this.#chunks = [];
      this.#endInput();
      this.#socket.resume();
    }
  }

  abort(): void {
    if (this.#socket.destroyed) return;
    this.#fail(closedError());
    this.#socket.resetAndDestroy();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  get readable(): ReadableStream<Uint8Array> {
    this.#readable ??= new ReadableStream<Uint8Array>(
      {
        pull: async (controller) => {
          const chunk = await this.read();
          if (chunk === undefined) controller.close();
          else controller.enqueue(chunk);
        },
        cancel: () => this.shutdown("read"),
      },
      { highWaterMark: 0 },
    );
    return this.#readable;
  }

  get writable(): WritableStream<Uint8Array> {
    this.#writable ??= new WritableStream<Uint8Array>({
      write: (chunk) => this.write(chunk),
      close: () => this.shutdown("write"),
      abort: () => this.abort(),
    });
    return this.#writable;
  }

  #wait(signal: AbortSignal | undefined): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      if (signal === undefined) {
        this.#reader = { resolve, reject };
        return;
      }
      const abort = (): void => {
        this.#reader = undefined;
        reject(signal.reason as Error);
      };
      const stop = (): void => signal.removeEventListener("abort", abort);
      signal.addEventListener("abort", abort);
      this.#reader = {
        resolve: (bytes) => (stop(), resolve(bytes)),
        reject: (error) => (stop(), reject(error)),
      };
    });
  }

  #receive({ buffer, byteOffset, length }: Buffer): void {
    if (this.#isInputOver) return;
    this.counters.bytesIn += length;
    // A plain array: the `slice` of Node's own buffers makes no copy.
    const chunk = new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
    const reader = this.#takeReader();
    if (reader !== undefined) {
      reader.resolve(chunk);
      return;
    }
    this.#chunks.push(chunk);
    this.#socket.pause();
  }

  #takeReader(): Reader | undefined {
    const reader = this.#reader;
    this.#reader = undefined;
    return reader;
  }

  #endInput(): void {
    this.#isInputOver = true;
    this.#takeReader()?.resolve(undefined);
  }

  readonly #written = (): void => {
    this.#unwrittenCount--;
    if (this.#isOutputOver) this.#endOutput();
  };

  /** Shuts the socket down behind the last write; until then it can be aborted. */
  #endOutput(): void {
    if (this.#unwrittenCount > 0) return;
    if (this.#isLast) this.#socket.destroy();
    else this.#socket.end();
  }

  #settleWriters(): void {
    const writers = this.#writers;
    this.#writers = [];
    for (const { resolve, reject } of writers) {
      if (this.#error === undefined) resolve();
      else reject(this.#error);
    }
  }

  #fail(error: FlowError): void {
    this.#error ??= error;
    this.#takeReader()?.reject(this.#error);
    this.#settleWriters();
  }

  async #close(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = new Promise<void>((resolve) => this.#socket.once("close", resolve));
    if (this.#chunks.length > 0 || this.#socket.readableLength > 0) {
      this.abort();
    } else {
      this.#takeReader()?.reject(closedError());
      this.#isInputOver = true;
      this.#isOutputOver = true;
      this.#chunks = [];
      this.#socket.resume();
      this.#isLast = true;
      this.#endOutput();
    }
    let timer: NodeJS.Timeout | undefined;
    const lingered = new Promise<void>((resolve) => (timer = setTimeout(resolve, lingerMs)));
    await Promise.race([closed, lingered]);
    clearTimeout(timer);
  }
}

function closedError(): FlowError {
  return new FlowError("closed", "Cannot use the connection: it was closed");
}

/** An address of the kernel's, as the signatures have it. */
export function endpoint(address = "::", port = 0): Endpoint {
  return { address: plainAddress(address), port };
}

/** Without a zone, and an IPv4 address as itself. */
export function plainAddress(address: string): string {
  return address.replace(/%.*$/, "").replace(/^::ffff:(?=\d+\.)/i, "");
}
