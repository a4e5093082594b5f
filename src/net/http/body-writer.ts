/** Bodies that are sent piece by piece (RFC 9112, 6 and 7). */

import type { Flow } from "../../devices/index.ts";
import { chunkLine, lastChunk } from "./chunked.ts";
import { HeadWriter } from "./head-writer.ts";

/** A chunk from this size on is not copied to be in one piece with what is around it. */
const largeBytes = 16_384;

/** A body that is being written. */
export interface BodyWriter {
  /**
   * Writes bytes (*given*). Resolves when there is room for more.
   *
   * @throws {FlowError} as {@link Flow.write}
   * @throws {RangeError} if it has a length, and this is more; nothing was written
   */
  write(bytes: Uint8Array): Promise<void>;

  /**
   * Ends it. Resolves when that is queued.
   *
   * @throws {FlowError} as {@link Flow.write}
   * @throws {RangeError} if it has a length, and bytes are missing: the connection must be aborted,
   *   so that nobody takes it for whole
   */
  end(): Promise<void>;
}

/** A body of `byteCount` bytes; `undefined` for one that ends with the connection. */
export function plainBodyWriter(flow: Flow, byteCount: number | undefined): BodyWriter {
  let left = byteCount ?? Infinity;
  return {
    write(bytes) {
      if (bytes.length > left) {
        return Promise.reject(
          new RangeError(`Cannot write ${bytes.length} bytes: the body has room for ${left}`),
        );
      }
      left -= bytes.length;
      return bytes.length === 0 ? Promise.resolve() : flow.write(bytes);
    },
    end() {
      if (byteCount === undefined || left === 0) return Promise.resolve();
      return Promise.reject(new RangeError(`Cannot end the body: ${left} bytes are missing`));
    },
  };
}

/** A body in chunks, one for each write. */
export function chunkedBodyWriter(flow: Flow): BodyWriter {
  const writer = new HeadWriter();
  return {
    async write(bytes) {
      if (bytes.length === 0) return;
      writer.text(chunkLine(bytes.length));
      if (bytes.length < largeBytes) {
        writer.bytes(bytes);
        writer.endHead();
        await flow.write(writer.take());
        return;
      }
      const line = writer.take();
      writer.endHead();
      await Promise.all([flow.write(line), flow.write(bytes), flow.write(writer.take())]);
    },
    end: () => flow.write(lastChunk.slice()),
  };
}
