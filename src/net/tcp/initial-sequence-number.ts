import type { Random } from "../../devices/index.ts";
import { ConnectionHash } from "./connection-hash.ts";
import { add } from "./sequence.ts";

/** A clock's tick is 4 µs. */
const ticksPerMs = 250;

/**
 * Chooses initial sequence numbers: a clock, so that a new incarnation of a connection starts after
 * the old one's numbers, plus a secret function of its addresses and ports, so that nobody who sees
 * one connection's number can tell another's.
 *
 * @see RFC 6528, section 3
 */
export class InitialSequenceNumbers {
  readonly #hash: ConnectionHash;

  constructor(random: Random) {
    this.#hash = new ConnectionHash(random);
  }

  /** The number for a connection (addresses *borrowed*) that begins now. */
  next(
    local: Uint8Array,
    localPort: number,
    remote: Uint8Array,
    remotePort: number,
    nowMs: number,
  ): number {
    const offset = this.#hash.of(local, localPort, remote, remotePort);
    return add(offset, Math.floor(nowMs * ticksPerMs));
  }
}
