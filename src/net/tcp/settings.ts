/**
 * What TCP stands on, and its constants, where the RFCs leave a choice or a network may need
 * another.
 */

import type { Clock, Icmp, Ip, Random } from "../../devices/index.ts";
import type { InternetLayer } from "../internet.ts";

/** A version of IP that may know what an answer to a packet has in its header. */
export type TcpIp = Ip & Pick<InternetLayer, "replyOptions">;

/** What the layer stands on. */
export interface TcpLayerOptions {
  readonly v4?: TcpIp | undefined;
  readonly v6?: TcpIp | undefined;
  readonly icmp?: Icmp | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings?: Partial<TcpSettings> | undefined;
}

/** Settings of a whole TCP layer. */
export interface TcpSettings {
  /** How long an acknowledgment may wait for company: at most 500 (RFC 9293, 3.8.6.3). */
  readonly ackDelayMs: number;
  /** What the retransmission timeout is above the round trip at least (RFC 6298, 2.4). */
  readonly minRtoMs: number;
  /** Twice the maximum segment lifetime, of which RFC 9293 (3.4.2) says 2 minutes. */
  readonly timeWaitMs: number;
  /** Connections in TIME-WAIT; the oldest makes room. */
  readonly maxTimeWaits: number;
  /** How long a connection that nobody reads waits for the peer's FIN. */
  readonly finWait2Ms: number;
  readonly congestion: "cubic" | "new-reno";
  /** Whether IPv4 may not fragment segments, so that the path's MTU becomes known (RFC 1191). */
  readonly discoversPathMtu: boolean;
  /** RFC 7323 and RFC 2018. */
  readonly timestamps: boolean;
  readonly selectiveAcknowledgment: boolean;
  /** RFC 8985, 7. */
  readonly tailLossProbe: boolean;
  /** The receive buffer to begin with; it grows with the path. */
  readonly initialReceiveBytes: number;
  /** Keep-alive probes without an answer, and the time between them, after the first. */
  readonly keepAliveCount: number;
  readonly keepAliveIntervalMs: number;
}

/** What a stack uses unless told otherwise. */
export const defaultSettings: TcpSettings = {
  ackDelayMs: 40,
  minRtoMs: 200,
  timeWaitMs: 60_000,
  maxTimeWaits: 16_384,
  finWait2Ms: 60_000,
  congestion: "cubic",
  discoversPathMtu: true,
  timestamps: true,
  selectiveAcknowledgment: true,
  tailLossProbe: true,
  initialReceiveBytes: 65_535,
  keepAliveCount: 9,
  keepAliveIntervalMs: 75_000,
};

/** The most that a buffer grows to, unless a connection says otherwise. */
export const defaultBufferBytes: number = 4 * 1024 * 1024;

/** RFC 5482. */
export const defaultUserTimeoutMs = 300_000;
