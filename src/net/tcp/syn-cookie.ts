import type { Random } from "../../devices/index.ts";
import { ConnectionHash } from "./connection-hash.ts";

const periodMs = 60_000;

/**
 * The segment sizes that a cookie can remember, 3 bits. They are those of common paths: the least
 * of IPv4 and of IPv6, tunnels, IPv6 and IPv4 over Ethernet, FDDI, jumbo frames.
 */
const segmentBytes = [64, 536, 1220, 1360, 1440, 1460, 4312, 8940] as const;

/**
 * Initial sequence numbers that hold all that a listener must know of a connection, so that it can
 * answer a SYN and forget it. Of the SYN's options only the segment size is kept.
 *
 *      5 bits: minute, modulo 32 | 3 bits: segment size | 24 bits: hash of it all
 *
 * @see RFC 4987, section 3.6
 */
export class SynCookies {
  readonly #hash: ConnectionHash;

  constructor(random: Random) {
    this.#hash = new ConnectionHash(random);
  }

  /**
   * Makes the number to answer a SYN with, whose own number was `theirSequence` and which announced
   * segments of `mss` bytes. The addresses are *borrowed*.
   */
  make(
    local: Uint8Array,
    localPort: number,
    remote: Uint8Array,
    remotePort: number,
    theirSequence: number,
    mss: number,
    nowMs: number,
  ): number {
    let index = segmentBytes.length - 1;
    while (index > 0 && (segmentBytes[index] ?? 0) > mss) index -= 1;
    const content = Math.floor(nowMs / periodMs) * 8 + index;
    const hash = this.#hash.of(local, localPort, remote, remotePort, theirSequence, content);
    return (content & 0xff) * 0x100_0000 + (hash & 0xff_ffff);
  }

  /**
   * The segment size that a cookie holds, no more than what was announced (but at least 64);
   * `undefined` if it was not made here for this SYN within the last minute, or at most two.
   */
  check(
    local: Uint8Array,
    localPort: number,
    remote: Uint8Array,
    remotePort: number,
    theirSequence: number,
    cookie: number,
    nowMs: number,
  ): number | undefined {
    const period = Math.floor(nowMs / periodMs);
    const age = (period - (cookie >>> 27)) & 31;
    if (age > 1) return undefined;
    const index = (cookie >>> 24) & 7;
    const content = (period - age) * 8 + index;
    const hash = this.#hash.of(local, localPort, remote, remotePort, theirSequence, content);
    return ((hash ^ cookie) & 0xff_ffff) === 0 ? segmentBytes[index] : undefined;
  }
}
