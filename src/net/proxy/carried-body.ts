/** The body of an answer on its way from a server to a client. */

/** Who hears of it. */
export interface CarriedBodyListener {
  took(byteCount: number): void;
  /** The server has failed; nobody must take what has come for whole. */
  failed(): void;
  /** It is over, whichever way; called once. */
  ended(): void;
}

/** A stream that reads as it is read, fails as it fails, and cancels what it reads. */
export function carriedBody(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  listener: CarriedBodyListener,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) {
            listener.ended();
            controller.close();
          } else {
            listener.took(value.length);
            controller.enqueue(value);
          }
        } catch (error) {
          listener.failed();
          listener.ended();
          throw error;
        }
      },
      async cancel(reason) {
        listener.ended();
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
