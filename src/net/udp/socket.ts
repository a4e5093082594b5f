import {
  ProtocolError,
  type Datagram,
  type Endpoint,
  type Ip,
  type ReceivedPacket,
  type UdpSocket,
} from "../../devices/index.ts";
import { formatAddress, parseAddress } from "../address.ts";
import { checkPort } from "../check-port.ts";
import { isGroup as isIpv4Group } from "../ipv4/address.ts";
import { isGroup as isIpv6Group } from "../ipv6/address.ts";
import { isSameAddress } from "../prefix.ts";
import { AddressText } from "./address-text.ts";
import type { UdpPacket } from "./packet.ts";
import { ReceiveQueue } from "./receive-queue.ts";
import type { DatagramSender } from "./sender.ts";

/** What a socket needs of the device that it was bound on. */
export interface SocketHost {
  readonly sender: DatagramSender;
  readonly counters: { datagramsOut: number; bytesOut: number; droppedIn: number };
  /** The layer for addresses of this length, or `no-route`. */
  ipFor(address: Uint8Array): Ip;
  /** Frees the port. */
  release(socket: Socket): void;
}

type SendOptions = NonNullable<Parameters<UdpSocket["send"]>[2]>;

/** Peers that are remembered, to tell a report about our datagrams from a made-up one. */
const maxRecentPeers = 8;

/** A bound port. */
export class Socket implements UdpSocket {
  readonly local: Endpoint;
  readonly counters = { datagramsIn: 0, datagramsOut: 0, bytesIn: 0, bytesOut: 0, droppedIn: 0 };
  /** Where it is bound; an unspecified one is all of its version, `undefined` all of both. */
  readonly bound: Uint8Array | undefined;
  readonly #host: SocketHost;
  readonly #isAnyAddress: boolean;
  readonly #queue = new ReceiveQueue();
  readonly #peers = new AddressText();
  readonly #locals = new AddressText();
  readonly #recent: { readonly address: Uint8Array; readonly port: number }[] = [];
  #recentCount = 0;
  #groups: readonly { readonly address: Uint8Array; readonly leave: () => void }[] = [];
  #from: Endpoint = { address: "", port: 0 };
  #listener: ((datagram: Datagram) => void) | undefined;
  #isClosed = false;

  constructor(host: SocketHost, bound: Uint8Array | undefined, local: Endpoint) {
    this.#host = host;
    this.bound = bound;
    this.#isAnyAddress = bound === undefined || isUnspecified(bound);
    this.local = local;
  }

  /** Whether a datagram to this address (*borrowed*) is for the socket. */
  accepts(destination: Uint8Array): boolean {
    if (isGroup(destination)) {
      return this.#groups.some(({ address }) => isSameAddress(address, destination));
    }
    if (this.bound === undefined) return true;
    if (this.#isAnyAddress) return this.bound.length === destination.length;
    return isSameAddress(this.bound, destination);
  }

  /** Hands over what was received: `datagram` in `packet`, both *borrowed*. */
  deliver(datagram: UdpPacket, packet: ReceivedPacket): void {
    const { payload, sourcePort } = datagram;
    if (this.#listener === undefined && !this.#queue.hasRoom(payload.length)) {
      this.counters.droppedIn += 1;
      this.#host.counters.droppedIn += 1;
      return;
    }
    this.counters.datagramsIn += 1;
    this.counters.bytesIn += payload.length;
    const address = this.#peers.format(packet.source);
    if (this.#from.address !== address || this.#from.port !== sourcePort) {
      this.#from = { address, port: sourcePort };
    }
    const to = this.#locals.format(packet.destination);
    const { timeToLive, ipOptions } = packet;
    if (this.#listener === undefined) {
      this.#queue.push({
        bytes: payload.slice(),
        from: this.#from,
        to,
        timeToLive,
        ipOptions: ipOptions?.slice(),
      });
    } else {
      this.#listener({ bytes: payload, from: this.#from, to, timeToLive, ipOptions });
    }
  }

  /** Says that the peer's host has nobody at this port, if a datagram of ours went there lately. */
  refuse(address: Uint8Array, port: number): void {
    if (!this.#recent.some((peer) => isPeer(peer, address, port))) return;
    const where = `${formatAddress(address)} port ${port}`;
    this.#queue.fail(new ProtocolError("refused", `Nobody receives at ${where}: it was refused`));
  }

  send(datagram: Uint8Array, to: Endpoint, options?: SendOptions): void {
    this.#checkOpen("send");
    const destination = addressOf(this.#peers.parse(to.address), to.address);
    checkPort(to.port);
    const ip = this.#host.ipFor(destination);
    const source = this.#sourceFor(ip, destination, options?.source);
    const header = {
      source,
      destination,
      sourcePort: this.local.port,
      destinationPort: to.port,
      timeToLive: options?.timeToLive ?? (isGroup(destination) ? 1 : undefined),
      trafficClass: options?.trafficClass ?? 0,
      ipOptions: options?.ipOptions,
    };
    this.#host.sender.send(ip, header, datagram);
    this.#remember(destination, to.port);
    this.counters.datagramsOut += 1;
    this.counters.bytesOut += datagram.length;
    this.#host.counters.datagramsOut += 1;
    this.#host.counters.bytesOut += datagram.length;
  }

  receive(signal?: AbortSignal): Promise<Datagram | undefined> {
    return this.#queue.read(signal);
  }

  listen(receiver: (datagram: Datagram) => void): void {
    this.#checkOpen("listen");
    this.#listener = receiver;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      receiver(next);
    }
  }

  join(group: string): () => void {
    this.#checkOpen("join a group");
    const address = addressOf(parseAddress(group), group);
    if (!isGroup(address)) throw new TypeError(`Cannot join ${group}: it is no group`);
    const membership = { address, leave: this.#host.ipFor(address).join(address) };
    this.#groups = [...this.#groups, membership];
    return () => {
      if (!this.#groups.includes(membership)) return;
      this.#groups = this.#groups.filter((each) => each !== membership);
      membership.leave();
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#listener = undefined;
    for (const { leave } of this.#groups) leave();
    this.#groups = [];
    this.#queue.close();
    this.#host.release(this);
  }

  #sourceFor(ip: Ip, destination: Uint8Array, asked: string | undefined): Uint8Array {
    if (asked !== undefined) {
      const source = addressOf(this.#locals.parse(asked), asked);
      if (source.length === destination.length) return source;
      throw new ProtocolError(
        "no-route",
        `Cannot send from ${asked} to ${formatAddress(destination)}: their versions differ`,
      );
    }
    const bound = this.#isAnyAddress ? ip.sourceFor(destination) : this.bound;
    if (bound?.length !== destination.length) {
      throw new ProtocolError("no-route", `Cannot reach ${formatAddress(destination)}: no route`);
    }
    return bound;
  }

  #remember(address: Uint8Array, port: number): void {
    const last = this.#recent[(this.#recentCount + maxRecentPeers - 1) % maxRecentPeers];
    if (last !== undefined && isPeer(last, address, port)) return;
    this.#recent[this.#recentCount % maxRecentPeers] = { address: address.slice(), port };
    this.#recentCount += 1;
  }

  #checkOpen(what: string): void {
    if (this.#isClosed)
      throw new ProtocolError("closed", `Cannot ${what}: the socket was disposed`);
  }
}

/** Whether all its bits are 0. */
export function isUnspecified(address: Uint8Array): boolean {
  return address.every((byte) => byte === 0);
}

/**
 * An address that was read.
 *
 * @throws {TypeError} if it could not be
 */
export function addressOf(address: Uint8Array | undefined, text: string): Uint8Array {
  if (address === undefined) throw new TypeError(`Cannot use ${JSON.stringify(text)}: no address`);
  return address;
}

function isGroup(address: Uint8Array): boolean {
  return address.length === 4 ? isIpv4Group(address) : isIpv6Group(address);
}

function isPeer(
  peer: { readonly address: Uint8Array; readonly port: number },
  address: Uint8Array,
  port: number,
): boolean {
  return peer.port === port && isSameAddress(peer.address, address);
}
