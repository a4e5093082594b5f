/**
 * ARP: finds the MAC addresses of neighbours, and answers for addresses of ours.
 *
 * What ARP packets say is believed of neighbours that we ask for or know already, and of those who
 * ask for us; so nobody can fill the cache with answers to no question.
 */

import { ProtocolError } from "../../devices/errors.ts";
import type { Arp, Clock, Ethernet, FrameWriter, Random } from "../../devices/index.ts";
import { broadcast } from "../ethernet/packet.ts";
import { isGroup, toNumber, unspecified } from "../ipv4/address.ts";
import { Listeners } from "../listeners.ts";
import { isSameAddress } from "../prefix.ts";
import { timersOf } from "../timers.ts";
import { Cache, type CacheOptions, type Found } from "./cache.ts";
import { Claims, type ClaimTiming } from "./claims.ts";
import { type ArpPacket, decode, encode, etherType, operation, packetBytes } from "./packet.ts";

/** How ARP is connected. */
export interface ArpOptions {
  readonly ethernet: Ethernet;
  readonly clock: Clock;
  readonly random: Random;
  readonly cache?: CacheOptions;
  readonly timing?: ClaimTiming;
}

/** ARP, with what IPv4 asks of it beside the signature. */
export interface ArpLayer extends Arp {
  /**
   * As {@link Arp.claim}. A fixed address (`isFixed`), one that a person configured, can be used at
   * once, and the promise resolves so; if the probes that follow find another host that has it, it
   * is lost. Once they have not, it is kept, even if another host uses it.
   */
  claim(address: Uint8Array, options?: { readonly isFixed?: boolean }): Promise<void>;

  /** What goes to `address` (*borrowed*) gets there, or does not: see `Ip.advise`. */
  advise(address: Uint8Array, isReached: boolean): void;

  /**
   * The link is back, or another: neighbours are asked for anew, and what is ours is probed for
   * again, while it is used.
   */
  restart(): void;

  /**
   * Calls `listener` with an address that could be used and was lost to another host. Returns the
   * function that stops it.
   *
   * @see RFC 5227, 2.4
   */
  onConflict(listener: (address: Uint8Array) => void): () => void;
}

/** Connects ARP to `ethernet`, which it does not dispose. */
export function connect(options: ArpOptions): ArpLayer {
  return new ArpOverEthernet(options);
}

const nobody = new Uint8Array(6);

class ArpOverEthernet implements ArpLayer {
  readonly counters = {
    packetsIn: 0,
    packetsOut: 0,
    /** Packets of others that use an address of ours. */
    conflicts: 0,
    /** Cut off, not of IPv4 over Ethernet, or from an address that no host has. */
    malformed: 0,
  };
  readonly #ethernet: Ethernet;
  readonly #cache: Cache;
  readonly #claims: Claims;
  readonly #conflicts = new Listeners<Uint8Array>();
  #isClosed = false;

  #packet: ArpPacket | undefined;
  readonly #fill: FrameWriter = (into) =>
    this.#packet === undefined ? 0 : encode(this.#packet, into);

  constructor({ ethernet, clock, random, cache = {}, timing = {} }: ArpOptions) {
    const timers = timersOf(clock);
    this.#ethernet = ethernet;
    this.#cache = new Cache(timers, cache, (address, mac) => {
      this.#send(operation.request, this.#senderTo(address), mac ?? broadcast, nobody, address);
    });
    this.#claims = new Claims({
      timers,
      random,
      timing,
      send: (address, isProbe) => {
        const sender = isProbe ? unspecified : address;
        this.#send(operation.request, sender, broadcast, nobody, address);
      },
      lost: (address) => this.#conflicts.call(address),
    });
    ethernet.listen(etherType, (bytes) => this.#receive(bytes));
  }

  get addresses(): readonly Uint8Array[] {
    return this.#claims.addresses;
  }

  query(address: Uint8Array, found: Found): void {
    if (this.#isClosed) found(undefined);
    else this.#cache.query(address, found);
  }

  advise(address: Uint8Array, isReached: boolean): void {
    this.#cache.advise(address, isReached);
  }

  claim(address: Uint8Array, { isFixed = false }: { isFixed?: boolean } = {}): Promise<void> {
    if (!this.#isClosed) return this.#claims.claim(address, isFixed);
    return Promise.reject(new ProtocolError("closed", "Cannot claim an address: ARP was disposed"));
  }

  restart(): void {
    this.#cache.clear();
    this.#claims.restart();
  }

  release(address: Uint8Array): void {
    this.#claims.release(address);
  }

  onConflict(listener: (address: Uint8Array) => void): () => void {
    return this.#conflicts.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#conflicts.clear();
    this.#claims.clear();
    this.#cache.clear();
    this.#ethernet.listen(etherType, undefined);
  }

  #receive(bytes: Uint8Array): void {
    const packet = decode(bytes);
    if (packet === undefined || !isPossible(packet)) {
      this.counters.malformed += 1;
      return;
    }
    const { senderMac, senderAddress, targetAddress } = packet;
    // Our own, come back from a link that reflects.
    if (isSameAddress(senderMac, this.#ethernet.mac)) return;
    this.counters.packetsIn += 1;
    if (this.#claims.isConflict(senderAddress, targetAddress)) {
      this.counters.conflicts += 1;
      return;
    }
    const isRequest = packet.operation === operation.request;
    const isForUs = isRequest && this.#claims.holds(targetAddress);
    if (toNumber(senderAddress) !== 0) {
      const isAnswer = packet.operation === operation.reply;
      this.#cache.learn(senderAddress, senderMac, isForUs, isAnswer);
    }
    if (isForUs) {
      this.#send(operation.reply, targetAddress, senderMac, senderMac, senderAddress);
    }
  }

  #send(
    kind: number,
    sender: Uint8Array,
    to: Uint8Array,
    targetMac: Uint8Array,
    target: Uint8Array,
  ): void {
    this.#packet = {
      operation: kind,
      senderMac: this.#ethernet.mac,
      senderAddress: sender,
      targetMac,
      targetAddress: target,
    };
    this.#ethernet.write(to, etherType, packetBytes, this.#fill);
    this.counters.packetsOut += 1;
  }

  /** The address of ours that `address` is most likely to know: it begins alike the longest. */
  #senderTo(address: Uint8Array): Uint8Array {
    let best = unspecified;
    let leastDifference = Infinity;
    for (const ours of this.addresses) {
      const difference = (toNumber(ours) ^ toNumber(address)) >>> 0;
      if (difference >= leastDifference) continue;
      best = ours;
      leastDifference = difference;
    }
    return best;
  }
}

/** Whether a packet can come from a host: neither from a group nor for one. */
function isPossible({ senderMac, senderAddress }: ArpPacket): boolean {
  const isGroupMac = ((senderMac[0] ?? 0) & 1) === 1;
  return !isGroupMac && !isSameAddress(senderMac, nobody) && !isGroup(senderAddress);
}
