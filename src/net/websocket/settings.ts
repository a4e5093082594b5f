import type { Clock, Flow, Random } from "../../devices/index.ts";

/** What may be chosen for a connection; each side for itself. */
export interface WebSocketSettings {
  /** The longest frame that is taken, in bytes; 1 MiB by default. */
  readonly maxFrameBytes?: number;
  /**
   * The longest message that is taken, in bytes, compressed and inflated; 1 MiB by default. One
   * that is received by fragments may be longer than memory is, unless it is compressed.
   */
  readonly maxMessageBytes?: number;
  /** The most frames that are taken as one message; 65,536 by default. */
  readonly maxFragmentCount?: number;
  /** What may wait to be received, in bytes, before nothing more is read; 256 KiB by default. */
  readonly receiveQueueBytes?: number;
  /** The longest frame that is sent, in bytes: longer messages are cut; 64 KiB by default. */
  readonly fragmentBytes?: number;
  /** How long nothing may be heard before a Ping is sent, in milliseconds; 30,000 by default. */
  readonly keepAliveMs?: number;
  /** How long nothing may be heard after the Ping, in milliseconds; 20,000 by default. */
  readonly pongTimeoutMs?: number;
  /** How long closing may take, in milliseconds; 10,000 by default. */
  readonly closeTimeoutMs?: number;
  /** The shortest message that is compressed, where that was agreed on; 1,024 by default. */
  readonly deflateFromBytes?: number;
}

export const defaultSettings: Required<WebSocketSettings> = {
  maxFrameBytes: 1_048_576,
  maxMessageBytes: 1_048_576,
  maxFragmentCount: 65_536,
  receiveQueueBytes: 262_144,
  fragmentBytes: 65_536,
  keepAliveMs: 30_000,
  pongTimeoutMs: 20_000,
  closeTimeoutMs: 10_000,
  deflateFromBytes: 1024,
};

/** What a connection is made of; {@link accept} and {@link connect} do the handshake before. */
export interface WebSocketOptions extends WebSocketSettings {
  /** The connection's own from now on. */
  readonly flow: Flow;
  readonly clock: Clock;
  readonly random: Random;
  readonly side: "client" | "server";
  /** What was read of the flow behind the handshake; *given*. */
  readonly received?: Uint8Array;
  /** What was agreed on, or empty. */
  readonly protocol?: string;
  /** Whether permessage-deflate was agreed on. */
  readonly deflate?: boolean;
}
