/** A body that is sent piece by piece, while the response may already come. */

import { chunkedBodyWriter } from "./body-writer.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { OutgoingBody } from "./client-request.ts";

/** Sends a stream in chunks. */
export class Upload {
  /** Whether all of it was written. */
  isSent = false;
  /** What the stream failed with: then the request has failed. */
  failure: { readonly error: unknown } | undefined;
  readonly #connection: ClientConnection;
  readonly #body: OutgoingBody & { readonly kind: "stream" };
  #isStopped = false;

  constructor(connection: ClientConnection, body: OutgoingBody & { readonly kind: "stream" }) {
    this.#connection = connection;
    this.#body = body;
  }

  /** Sends it. Never rejects; if the stream fails, the connection is aborted. */
  async run(): Promise<void> {
    const connection = this.#connection;
    const writer = chunkedBodyWriter(connection.flow);
    try {
      for (const bytes of this.#body.first) await writer.write(bytes);
      for (let next = await this.#read(); next !== undefined; next = await this.#read()) {
        await writer.write(next);
        connection.progress();
      }
      if (this.#isStopped) return;
      await writer.end();
      this.isSent = true;
      connection.progress();
    } catch {
      // If it was the flow, the read of the response tells.
      if (this.failure !== undefined) connection.abort();
      this.stop();
    }
  }

  /** Sends no more. */
  stop(): void {
    if (this.#isStopped || this.isSent) return;
    this.#isStopped = true;
    this.#body.rest.cancel().catch(() => {});
  }

  async #read(): Promise<Uint8Array | undefined> {
    try {
      const next = await this.#body.rest.read();
      if (next.done) return undefined;
      if (next.value instanceof Uint8Array) return next.value;
      throw new TypeError("Cannot send the body: its stream gave no bytes");
    } catch (error) {
      this.failure = { error };
      throw error;
    }
  }
}
