import type { WebSocketError } from "./errors.ts";

/** How a connection ended. */
export interface CloseReason {
  /**
   * The code of the peer's Close frame; 1005 if that held none, 1006 if there was no such frame
   * (RFC 6455, 7.1.5).
   */
  readonly code: number;
  /** The reason that the peer gave; may be empty. */
  readonly reason: string;
  /** Whether both sides have sent a Close frame. */
  readonly wasClean: boolean;
  /** What went wrong, if not all went well. */
  readonly error: WebSocketError | undefined;
}
