/**
 * Router advertisements (RFC 4861, 6.2): tells hosts on a link the prefixes to make addresses of, and
 * that we are their router; now and then, and to who asks.
 */

import type { Clock, Ethernet, FrameWriter, Random } from "../../devices/index.ts";
import { NetworkError } from "../../devices/errors.ts";
import type { Prefix } from "../prefix.ts";
import { unspecified } from "../ipv6/address.ts";
import { isSameAddress } from "../prefix.ts";
import { allNodes, allRouters, macOf } from "../ipv6/groups.ts";
import { isIntact, seal } from "../ipv6/icmp-message.ts";
import type { Ndp } from "../ndp/ndp.ts";
import {
  encodeDnsServers,
  encodePrefix,
  macIn,
  type NdpOption,
  optionType,
} from "../ndp/options.ts";
import { decode, encode, ndpType } from "../ndp/packet.ts";
import { type Timer, timersOf, type Timers } from "../timers.ts";
import { packet6 } from "./icmp-errors.ts";

/** What is advertised beside prefixes. */
export interface AdvertiserOptions {
  /** The longest time between two advertisements: 4–1,800 s; 600 by default. */
  readonly maxIntervalS?: number;
  /** Whether hosts send through us; true by default. */
  readonly isDefaultRouter?: boolean;
  /** Name servers, 16 bytes each (RFC 8106). */
  readonly dnsServers?: readonly Uint8Array[];
}

interface AllOptions extends AdvertiserOptions {
  readonly isOn: boolean;
  readonly prefixes: readonly Prefix[];
  readonly ndp: Ndp;
  readonly ethernet: Ethernet;
  readonly clock: Clock;
  readonly random: Random;
}

/** MAX_INITIAL_RTR_ADVERTISEMENTS, and the most time between them (RFC 4861, 10). */
const initialCount = 3;
const initialIntervalMs = 16_000;
/** MIN_DELAY_BETWEEN_RAS and MAX_RA_DELAY_TIME. */
const leastIntervalMs = 3000;
const maxDelayMs = 500;

const etherType = 0x86dd;
const validLifetimeS = 2_592_000;
const preferredLifetimeS = 604_800;

export class Advertiser {
  /** The group that routers join. */
  static readonly group: Uint8Array = allRouters;
  readonly #options: AllOptions;
  readonly #timers: Timers;
  readonly #timer: Timer;
  #sentCount = 0;
  #sentMs = -Infinity;

  constructor(options: AllOptions) {
    this.#options = options;
    this.#timers = timersOf(options.clock);
    this.#timer = this.#timers.timer((nowMs) => this.#advertise(nowMs));
  }

  start(): void {
    if (this.#options.isOn) this.#timer.set(this.#timers.nowMs() + this.#fraction() * maxDelayMs);
  }

  /** Hears a packet to a group, *borrowed*: if it is a solicitation, it is answered soon. */
  hear(bytes: Uint8Array): void {
    if (!this.#options.isOn || bytes[6] !== 58 || bytes[40] !== ndpType.routerSolicitation) return;
    const lengthBytes = 40 + (((bytes[4] ?? 0) << 8) | (bytes[5] ?? 0));
    const source = bytes.subarray(8, 24);
    const message = bytes.subarray(40, lengthBytes);
    const options = decode(message)?.options;
    if (bytes[7] !== 255 || lengthBytes > bytes.length || options === undefined) return;
    if (!isIntact(message, source, bytes.subarray(24, 40))) return;
    const mac = macIn(options, optionType.sourceMac);
    const isNobody = isSameAddress(source, unspecified);
    if (isNobody && mac !== undefined) return;
    if (mac !== undefined) this.#options.ndp.neighbours.heard(source, mac);
    const soonMs = this.#timers.nowMs() + this.#fraction() * maxDelayMs;
    const atMs = Math.max(soonMs, this.#sentMs + leastIntervalMs);
    if (atMs < this.#timer.deadlineMs) this.#timer.set(atMs);
  }

  /** Tells hosts that we are no router any more. */
  async dispose(): Promise<void> {
    this.#timer.clear();
    if (this.#options.isOn && this.#sentCount > 0) this.#send(0);
  }

  #advertise(nowMs: number): void {
    const { maxIntervalS = 600, isDefaultRouter = true } = this.#options;
    this.#send(isDefaultRouter ? Math.min(9000, 3 * maxIntervalS) : 0);
    this.#sentMs = nowMs;
    this.#sentCount += 1;
    const maxMs = maxIntervalS * 1000;
    const intervalMs = maxMs * (0.33 + 0.67 * this.#fraction());
    const isInitial = this.#sentCount < initialCount;
    this.#timer.set(nowMs + (isInitial ? Math.min(intervalMs, initialIntervalMs) : intervalMs));
  }

  #send(routerLifetimeS: number): void {
    const { prefixes, ethernet, ndp, dnsServers = [] } = this.#options;
    const source = ndp.addresses.linkLocal;
    if (isSameAddress(source, unspecified)) return;
    const mtu = Uint8Array.of(0, 0, 0, 0, ethernet.mtu >>> 8, ethernet.mtu & 0xff);
    const options: NdpOption[] = [
      { type: optionType.sourceMac, body: ethernet.mac },
      { type: optionType.mtu, body: mtu },
      ...prefixes.map(({ address, length }) =>
        encodePrefix({
          length,
          isOnLink: true,
          // Only of 64 bits can hosts make addresses (RFC 2464, 4).
          isAutonomous: length === 64,
          validLifetimeS,
          preferredLifetimeS,
          prefix: maskedTo(address, length),
        }),
      ),
    ];
    if (dnsServers.length > 0) {
      const lifetimeS = 3 * (this.#options.maxIntervalS ?? 600);
      options.push(encodeDnsServers({ lifetimeS, items: dnsServers }));
    }
    const room = new Uint8Array(1280);
    const advertisement = { flags: 0, hopLimit: 64, reachableMs: 0, retransmitMs: 0, options };
    const type = ndpType.routerAdvertisement;
    const message = room.subarray(0, encode({ type, routerLifetimeS, ...advertisement }, room));
    seal(message, source, allNodes);
    const packet = packet6(source, allNodes, 58, message.length, (into) => into.set(message), 255);
    const fill: FrameWriter = (into) => {
      into.set(packet);
      return packet.length;
    };
    try {
      ethernet.write(macOf(allNodes), etherType, packet.length, fill);
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
    }
  }

  #fraction(): number {
    return this.#options.random.uint32() / 2 ** 32;
  }
}

function maskedTo(address: Uint8Array, length: number): Uint8Array {
  return address.map((byte, index) => {
    const bits = Math.max(0, Math.min(8, length - 8 * index));
    return byte & (0xff << (8 - bits));
  });
}
