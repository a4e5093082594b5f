import { FlowError } from "../../devices/errors.ts";

/** Codes of {@link WebSocketError}. */
export type WebSocketErrorCode =
  /** This side has closed the connection, or aborted it. */
  | "closed"
  /** The connection was lost before a Close frame came: the peer went away or aborted it. */
  | "reset"
  /** The peer does not answer: no Pong, no Close frame, no answer to the handshake in time. */
  | "timed-out"
  /** The peer did what RFC 6455 forbids. */
  | "malformed"
  /** The peer sent a text that is no UTF-8, or a message that cannot be inflated. */
  | "invalid-payload"
  /** A frame, a message or the head of an answer is longer than was allowed. */
  | "too-large"
  /** The server did not switch to WebSocket. */
  | "refused";

/** An operation on a WebSocket failed. */
export class WebSocketError extends Error {
  override readonly name = "WebSocketError";
  readonly code: WebSocketErrorCode;

  constructor(code: WebSocketErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** What it means for a WebSocket that its flow failed. */
export function errorOfFlow(cause: unknown): WebSocketError {
  const isTimeout = cause instanceof FlowError && cause.code === "timed-out";
  return isTimeout
    ? new WebSocketError("timed-out", "The WebSocket is lost: the peer does not answer", { cause })
    : new WebSocketError("reset", "The WebSocket is lost: the connection was reset", { cause });
}
