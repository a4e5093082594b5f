/** What neighbour discovery and MLD need of the layer that carries them. */

import type { Random } from "../../devices/index.ts";
import type { Timers } from "../timers.ts";

/** A packet that the layer makes itself. Everything is *borrowed*. */
export interface ControlPacket {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
  /** What the payload begins with. */
  readonly nextHeader: number;
  readonly hopLimit: number;
  readonly payload: Uint8Array;
  /** Where it goes, if that must not be looked up. */
  readonly mac?: Uint8Array;
}

/** The link that a stack has, as {@link ControlPacket}s see it. */
export interface ControlLink {
  readonly timers: Timers;
  readonly random: Random;
  /** Our address on the link: 6 bytes. */
  readonly mac: Uint8Array;
  /** What the link carries, in bytes of an IP packet. */
  readonly mtu: number;
  /** Sends a packet, or drops it and counts it. */
  send(packet: ControlPacket): void;
}
