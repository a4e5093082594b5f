/**
 * The errors that a router sends about packets of others: whole packets, to be routed like any. What
 * must not be answered is not (RFC 1812, 4.3.2; RFC 4443, 2.4), and no more than 1,000 a second.
 */

import type { Timers } from "../timers.ts";
import { pseudoHeaderSum } from "../checksum.ts";
import { mayBeAnswered } from "../icmp/icmp.ts";
import { encode as encodeIcmp, headerBytes as icmpHeaderBytes } from "../icmp/packet.ts";
import { read } from "../icmp/quoted.ts";
import { icmp4, icmp6 } from "../icmp/versions.ts";
import { emptyHeader, encode as encode4 } from "../ipv4/packet.ts";
import { encodeHeader as encode6 } from "../ipv6/packet.ts";
import { TokenBucket } from "../token-bucket.ts";

/** What a router reports about a packet. */
export type RouterError =
  | "timeExceeded"
  | "networkUnreachable"
  | "hostUnreachable"
  | "portUnreachable"
  | "tooBig"
  | "prohibited"
  | "beyondScope";

type TypeAndCode = readonly [type: number, code: number];

/** Each as type and code, by version. */
export const routerErrors: Readonly<Record<RouterError, Readonly<Record<4 | 6, TypeAndCode>>>> = {
  timeExceeded: { 4: [11, 0], 6: [3, 0] },
  networkUnreachable: { 4: [3, 0], 6: [1, 0] },
  hostUnreachable: { 4: [3, 1], 6: [1, 3] },
  portUnreachable: { 4: [3, 3], 6: [1, 4] },
  tooBig: { 4: [3, 4], 6: [2, 0] },
  prohibited: { 4: [3, 13], 6: [1, 1] },
  beyondScope: { 4: [3, 0], 6: [1, 2] },
};

const burst = 50;
const perSecond = 1000;

export class IcmpErrors {
  readonly #timers: Timers;
  readonly #limit = new TokenBucket(burst, perSecond);
  readonly #counters: { errorsOut: number; errorsLimited: number };

  constructor(timers: Timers, counters: { errorsOut: number; errorsLimited: number }) {
    this.#timers = timers;
    this.#counters = counters;
  }

  /** Whether another report may be sent now; it then counts as sent. */
  mayReport(): boolean {
    const mayIt = this.#limit.take(this.#timers.nowMs());
    this.#counters[mayIt ? "errorsOut" : "errorsLimited"] += 1;
    return mayIt;
  }

  /**
   * Makes an error about `packet` (*borrowed*), from `source`; *fresh*, or `undefined` if it must
   * not be sent. `parameter` is the MTU where it was too big, or a redirect's gateway.
   */
  make(
    packet: Uint8Array,
    [type, code]: TypeAndCode,
    source: Uint8Array,
    parameter: number = 0,
  ): Uint8Array | undefined {
    const quoted = read(packet);
    if (quoted === undefined) return undefined;
    const numbers = quoted.version === 4 ? icmp4 : icmp6;
    const isToMany =
      quoted.version === 4 ? (quoted.destination[0] ?? 0) >= 224 : quoted.destination[0] === 0xff;
    if (isToMany || !mayBeAnswered(quoted, packet, numbers)) return undefined;
    if (!this.mayReport()) return undefined;
    const ipBytes = quoted.version === 4 ? 20 : 40;
    const body = packet.subarray(0, numbers.maxErrorBytes - ipBytes - icmpHeaderBytes);
    const message = { type, code, parameter, body };
    return quoted.version === 4
      ? packet4(source, quoted.source, 1, icmpHeaderBytes + body.length, (into) =>
          encodeIcmp(message, into),
        )
      : packet6(source, quoted.source, 58, icmpHeaderBytes + body.length, (into, sum) =>
          encodeIcmp(message, into, sum),
        );
  }
}

/** Makes a packet of version 4; *fresh*. */
export function packet4(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  payloadBytes: number,
  fill: (into: Uint8Array) => void,
): Uint8Array {
  const header = Object.assign(emptyHeader(), { protocol, timeToLive: 64 });
  header.source.set(source);
  header.destination.set(destination);
  header.totalBytes = 20 + payloadBytes;
  const bytes = new Uint8Array(header.totalBytes);
  encode4(header, bytes);
  fill(bytes.subarray(20));
  return bytes;
}

/** Makes a packet of version 6; `fill` gets the sum of the pseudo-header. *Fresh*. */
export function packet6(
  source: Uint8Array,
  destination: Uint8Array,
  nextHeader: number,
  payloadBytes: number,
  fill: (into: Uint8Array, sum: number) => void,
  hopLimit: number = 64,
): Uint8Array {
  const bytes = new Uint8Array(40 + payloadBytes);
  const header = { trafficClass: 0, flowLabel: 0, nextHeader, hopLimit, source, destination };
  encode6(header, payloadBytes, bytes);
  fill(bytes.subarray(40), pseudoHeaderSum(source, destination, nextHeader, payloadBytes));
  return bytes;
}
