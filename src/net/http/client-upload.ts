/** A body that is sent piece by piece, while the response may already come. */

import type { ByteSource } from "./client-body.ts";
import { chunkedBodyWriter, plainBodyWriter, type BodyWriter } from "./body-writer.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { OutgoingBody } from "./client-request.ts";

/** Bytes that are written at a time. */
const pieceBytes = 262_144;

/** Sends a body: of a known length, or in chunks. */
export class Upload {
  /** Whether all of it was written. */
  isSent = false;
  /** What its source failed with: then the request has failed. */
  failure: { readonly error: unknown } | undefined;
  readonly #connection: ClientConnection;
  readonly #writer: BodyWriter;
  readonly #source: ByteSource;
  #isStopped = false;

  constructor(connection: ClientConnection, body: Exclude<OutgoingBody, { kind: "none" }>) {
    const { flow } = connection;
    this.#connection = connection;
    this.#writer =
      body.byteCount === undefined
        ? chunkedBodyWriter(flow)
        : plainBodyWriter(flow, body.byteCount);
    this.#source = sourceOfBody(body);
  }

  /** Sends it. Never rejects; if its source fails, the connection is aborted. */
  async run(): Promise<void> {
    const connection = this.#connection;
    try {
      for (let bytes = await this.#read(); bytes !== undefined; bytes = await this.#read()) {
        for (let at = 0; at < bytes.length && !this.#isStopped; at += pieceBytes) {
          await this.#writer.write(bytes.subarray(at, at + pieceBytes));
          connection.progress();
        }
      }
      if (this.#isStopped) return;
      await this.#writer.end();
      this.isSent = true;
      connection.progress();
    } catch (error) {
      // It was not as long as it was said to be.
      if (error instanceof RangeError) this.failure ??= { error };
      // If it was the flow, the read of the response tells.
      if (this.failure !== undefined) connection.abort();
      this.stop();
    }
  }

  /** Sends no more. */
  stop(): void {
    if (this.#isStopped || this.isSent) return;
    this.#isStopped = true;
    this.#source.cancel();
  }

  async #read(): Promise<Uint8Array | undefined> {
    try {
      return await this.#source.read();
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }
}

function sourceOfBody(body: Exclude<OutgoingBody, { kind: "none" }>): ByteSource {
  const chunks = body.chunks.values();
  const rest = body.kind === "stream" ? body.rest : undefined;
  return {
    async read() {
      const chunk = chunks.next();
      if (chunk.done !== true) return chunk.value;
      const next = await rest?.read();
      if (next === undefined || next.done) return undefined;
      if (next.value instanceof Uint8Array) return next.value;
      throw new TypeError("Cannot send the body: its stream gave no bytes");
    },
    cancel: () => void rest?.cancel().catch(() => {}),
  };
}
