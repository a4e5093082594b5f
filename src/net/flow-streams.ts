/** The faces of a {@link Flow} for everything that pipes: web streams, made on first use. */

import type { Flow } from "../devices/index.ts";

/** A flow's input. Cancelling it shuts down reading. */
export function readableOf(flow: Flow): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const bytes = await flow.read();
        if (bytes === undefined) controller.close();
        else controller.enqueue(bytes);
      },
      cancel: () => flow.shutdown("read"),
    },
    { highWaterMark: 0 },
  );
}

/** A flow's output. Closing it shuts down writing, aborting it aborts the flow. */
export function writableOf(flow: Flow): WritableStream<Uint8Array> {
  return new WritableStream<Uint8Array>({
    write: (bytes) => flow.write(bytes),
    close: () => flow.shutdown("write"),
    abort: () => flow.abort(),
  });
}
