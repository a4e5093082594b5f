/** The messages between the two ends of a link; see `network-message-port.ts`. */

/** Frames; see `network-batch.ts`. */
export interface BatchMessage {
  readonly kind: "batch";
  readonly buffer: ArrayBuffer;
  /** How much of it is used. */
  readonly byteLength: number;
}

/** So many bytes of batches were taken. The buffer, if there is one, is empty, for one to come. */
export interface CreditMessage {
  readonly kind: "credit";
  readonly bytes: number;
  readonly buffer: ArrayBuffer | undefined;
}

/** The other end is gone. */
export interface DownMessage {
  readonly kind: "down";
}

/** What says that it is a message. */
export type Claimed = Partial<Record<"kind" | "buffer" | "byteLength" | "bytes", unknown>>;

/** The most that may be under way, in bytes; a peer that does not take it has the rest dropped. */
export const windowBytes: number = 4 * 1024 * 1024;

/** Whether a message of the other end, which may be anybody's, is a batch. */
export function isBatch(message: Claimed): message is Claimed & BatchMessage {
  const { kind, buffer, byteLength } = message;
  // What lies about how much it is would pass the window of the link that it is handed on to.
  return (
    kind === "batch" &&
    buffer instanceof ArrayBuffer &&
    buffer.byteLength <= windowBytes &&
    isByteCount(byteLength) &&
    byteLength <= buffer.byteLength
  );
}

/** Whether a message of the other end gives credit. Its buffer may be anything. */
export function isCredit(message: Claimed): message is Claimed & Omit<CreditMessage, "buffer"> {
  return message.kind === "credit" && isByteCount(message.bytes);
}

function isByteCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
