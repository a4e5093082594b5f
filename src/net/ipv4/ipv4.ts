/**
 * IPv4 over Ethernet: addresses, routes, and the packets in and out.
 *
 * What is sent takes a {@link Path}, found once for each destination and kept until anything changes
 * that it depends on.
 */

import { ProtocolError } from "../../devices/errors.ts";
import type {
  FrameWriter,
  Offloads,
  PacketOptions,
  PacketReceiver,
  ReceivedPacket,
} from "../../devices/index.ts";
import { broadcast as broadcastMac } from "../ethernet/packet.ts";
import type { InternetLayer, Undeliverable } from "../internet.ts";
import { Listeners } from "../listeners.ts";
import { Loopback } from "../loopback.ts";
import { PathMtus } from "../path-mtu.ts";
import { timersOf } from "../timers.ts";
import { broadcast, format, isGroup, toNumber, unspecified } from "./address.ts";
import type { Ipv4Configuration, Ipv4Options } from "./configuration.ts";
import { ipv4Counters, type Ipv4Counters } from "./counters.ts";
import { Groups } from "./groups.ts";
import { protocol as igmp } from "./igmp.ts";
import { Input } from "./input.ts";
import { Neighbour, Neighbours } from "./neighbours.ts";
import { Output, type Path } from "./output.ts";
import { etherType, headerBytes, maxPacketBytes } from "./packet.ts";
import { Routes } from "./routes.ts";

/** The Internet layer, version 4. */
export interface Ipv4 extends InternetLayer {
  readonly version: 4;

  /**
   * Claims an address and uses it; resolves when it can be used. For one that is ours already it
   * changes the prefix and the gateway.
   *
   * @throws {ProtocolError} `address-conflict` if another host has it, `closed`
   * @throws {RangeError} if it is no address of a host, or the prefix is no prefix
   */
  configure(configuration: Ipv4Configuration): Promise<void>;

  /** Stops using an address (4 bytes, *borrowed*), and the gateway that came with it. */
  deconfigure(address: Uint8Array): void;

  /**
   * Sends what shares the first `length` bits of `prefix` through `gateway`, or, without one,
   * straight to its destination. Both are copied. One prefix may have several gateways: where one
   * does not answer, the next takes its place.
   */
  addRoute(prefix: Uint8Array, length: number, gateway: Uint8Array | undefined): void;

  /** Removes all routes of a prefix; that there is none is no error. */
  removeRoute(prefix: Uint8Array, length: number): void;

  /**
   * The link is back, or another: neighbours are asked for anew, and our addresses are probed for
   * again, while they are used.
   */
  restart(): void;

  /** Calls `listener` after each change of {@link Ip.addresses}; returns what stops it. */
  onAddressesChange(listener: (addresses: readonly string[]) => void): () => void;

  /**
   * Calls `listener` with an address of ours that was lost to another host, and is not used any
   * more. Returns the function that stops it.
   */
  onConflict(listener: (address: Uint8Array) => void): () => void;
}

/** Connects IPv4 to `ethernet` and `arp`, which it does not dispose. It has no address yet. */
export function connect(options: Ipv4Options): Ipv4 {
  return new Ipv4Layer(options);
}

/** The most destinations whose paths are kept. */
const maxPaths = 1024;

/** No report is believed that says less, like Linux's `min_pmtu`: it would be an attack. */
const leastMtuBytes = 552;

/** The router alert option (RFC 2113), which IGMP needs. */
const routerAlert: Uint8Array = Uint8Array.of(0x94, 4, 0, 0);

const noOptions: PacketOptions = {};

class Ipv4Layer implements Ipv4 {
  readonly version = 4;
  readonly offloads: Offloads;
  readonly counters: Ipv4Counters = ipv4Counters();
  addresses: readonly string[] = [];
  readonly #options: Ipv4Options;
  readonly #routes = new Routes();
  readonly #groups: Groups;
  readonly #input: Input;
  readonly #output: Output;
  readonly #loopback: Loopback;
  readonly #neighbours: Neighbours;
  readonly #pathMtus: PathMtus<number>;
  readonly #paths = new Map<number, Path>();
  /** The path of the packet sent last. */
  #lastKey = -1;
  #last: Path | undefined;
  readonly #batchEnds = new Listeners();
  readonly #changes = new Listeners<readonly string[]>();
  readonly #conflicts = new Listeners<Uint8Array>();
  readonly #undeliverable = new Listeners<Undeliverable>();
  readonly #stops: (() => void)[];
  #isClosed = false;

  constructor(options: Ipv4Options) {
    const { ethernet, arp, clock, random, timeToLive = 64, headerOptions } = options;
    const timers = timersOf(clock);
    const { counters } = this;
    const giveUp = (packet: Uint8Array): void => {
      counters.unresolved += 1;
      this.#undeliverable.call({ reason: "neighbour", packet, pointer: 0 });
    };
    this.#options = options;
    this.offloads = ethernet.offloads;
    this.#groups = new Groups({ timers, random, send: (...args) => this.#sendIgmp(...args) });
    this.#input = new Input({
      timers,
      routes: this.#routes,
      groups: this.#groups,
      headerOptions,
      counters,
      undeliverable: (undeliverable) => this.#undeliverable.call(undeliverable),
    });
    this.#input.listen(igmp, (packet) => {
      if (!this.#groups.receive(packet)) counters.badMembership += 1;
    });
    this.#loopback = new Loopback(
      (bytes, offload) => this.#input.receive(bytes, offload, "looped"),
      () => this.#batchEnds.call(),
    );
    this.#output = new Output({
      ethernet,
      loopback: this.#loopback,
      timeToLive,
      headerOptions,
      counters,
      giveUp,
    });
    this.#neighbours = new Neighbours({
      arp,
      send: (mac, { bytes, offload }) => this.#output.sendWaiting(mac, bytes, offload),
      giveUp: ({ bytes }) => giveUp(bytes),
      lost: (address) => {
        this.#routes.passOver(address);
        this.#forgetPaths();
      },
    });
    this.#pathMtus = new PathMtus({
      timers,
      linkBytes: ethernet.mtu,
      leastBytes: Math.min(leastMtuBytes, ethernet.mtu),
      changed: () => this.#forgetPaths(),
    });
    this.#stops = [
      ethernet.onBatchEnd(() => this.#batchEnds.call()),
      arp.onConflict((address) => {
        if (this.#remove(address)) this.#conflicts.call(address);
      }),
    ];
    ethernet.listen(etherType, (bytes, _source, destination, offload) => {
      const isGroup = ((destination[0] ?? 0) & 1) === 1;
      this.#input.receive(bytes, offload, isGroup ? "group" : "unicast");
    });
  }

  async configure(configuration: Ipv4Configuration): Promise<void> {
    this.#checkOpen("configure an address");
    const { prefixLength, isFixed = false } = configuration;
    const address = configuration.address.slice();
    const gateway = configuration.gateway?.slice();
    const first = address[0] ?? 0;
    if (address.length !== 4 || first === 0 || first === 127 || first >= 224) {
      throw new RangeError(`Cannot configure ${format(address)}: no host has such an address`);
    }
    if (!Number.isInteger(prefixLength) || prefixLength < 0 || prefixLength > 32) {
      throw new RangeError(`Cannot configure a prefix of ${prefixLength} bits: it has 0 to 32`);
    }
    await this.#options.arp.claim(address, { isFixed });
    if (this.#isClosed) this.#options.arp.release(address);
    this.#checkOpen("configure an address");
    this.#routes.addAddress(address, prefixLength, gateway);
    this.#change();
  }

  deconfigure(address: Uint8Array): void {
    this.#options.arp.release(address);
    this.#remove(address);
  }

  addRoute(prefix: Uint8Array, length: number, gateway: Uint8Array | undefined): void {
    this.#routes.addRoute(prefix, length, gateway?.slice());
    this.#forgetPaths();
  }

  removeRoute(prefix: Uint8Array, length: number): void {
    this.#routes.removeRoute(prefix, length);
    this.#forgetPaths();
  }

  restart(): void {
    this.#options.arp.restart();
  }

  write(
    destination: Uint8Array,
    protocol: number,
    sizeBytes: number,
    fill: FrameWriter,
    options: PacketOptions = noOptions,
  ): void {
    this.#checkOpen("send a packet");
    const { ipOptions, linkAddress, source } = options;
    const { headerOptions } = this.#options;
    const sent = ipOptions && headerOptions?.depart(ipOptions, destination);
    const firstHop = sent?.firstHop ?? destination;
    const path =
      linkAddress === undefined
        ? this.#path(firstHop)
        : this.#straightPath(destination, linkAddress);
    if (path === undefined || (source !== undefined && !this.#maySendFrom(source, path))) {
      this.counters.noRoute += 1;
      const from = source === undefined ? "" : ` from ${format(source)}`;
      throw new ProtocolError(
        "no-route",
        `Cannot send to ${format(destination)}${from}: there is no route`,
      );
    }
    this.#output.send(path, firstHop, protocol, sizeBytes, fill, options, sent?.options);
  }

  listen(protocol: number, receiver: PacketReceiver | undefined): void {
    if (receiver !== undefined) this.#checkOpen("listen to a protocol");
    this.#input.listen(protocol, receiver);
  }

  join(group: Uint8Array): () => void {
    this.#checkOpen("join a group");
    return this.#groups.join(group);
  }

  pathPayloadBytes(destination: Uint8Array): number {
    return (this.#path(destination)?.mtuBytes ?? this.#options.ethernet.mtu) - headerBytes;
  }

  sourceFor(destination: Uint8Array): Uint8Array | undefined {
    const source = this.#path(destination)?.source;
    return source === unspecified ? undefined : source;
  }

  learnPathMtu(destination: Uint8Array, mtuBytes: number): void {
    if (!this.#isClosed) this.#pathMtus.learn(toNumber(destination), mtuBytes);
  }

  advise(destination: Uint8Array, isReached: boolean): void {
    const next = this.#path(destination)?.next;
    if (!(next instanceof Neighbour)) return;
    this.#options.arp.advise(next.address, isReached);
    if (isReached) return;
    this.#routes.forgetRedirect(destination);
    this.#forgetPaths();
  }

  replyOptions(packet: ReceivedPacket, isEcho: boolean): Uint8Array | undefined {
    const { headerOptions, clock } = this.#options;
    return headerOptions?.reply(packet, isEcho ? clock.wallMs() : undefined);
  }

  redirect(destination: Uint8Array, from: Uint8Array, to: Uint8Array): void {
    if (!this.#routes.redirect(destination, from, to)) return;
    this.counters.redirects += 1;
    this.#forgetPaths();
  }

  onBatchEnd(listener: () => void): () => void {
    return this.#batchEnds.add(listener);
  }

  onAddressesChange(listener: (addresses: readonly string[]) => void): () => void {
    return this.#changes.add(listener);
  }

  onConflict(listener: (address: Uint8Array) => void): () => void {
    return this.#conflicts.add(listener);
  }

  onUndeliverable(listener: (undeliverable: Undeliverable) => void): () => void {
    return this.#undeliverable.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const { ethernet, arp } = this.#options;
    for (const stop of this.#stops) stop();
    for (const listeners of [this.#batchEnds, this.#changes, this.#conflicts]) listeners.clear();
    this.#undeliverable.clear();
    for (const { bytes } of this.#routes.addresses) arp.release(bytes);
    this.#groups.clear();
    this.#input.clear();
    this.#loopback.clear();
    this.#neighbours.clear();
    this.#pathMtus.clear();
    ethernet.listen(etherType, undefined);
  }

  #checkOpen(what: string): void {
    if (this.#isClosed) throw new ProtocolError("closed", `Cannot ${what}: IPv4 was disposed`);
  }

  #remove(address: Uint8Array): boolean {
    if (!this.#routes.removeAddress(address)) return false;
    this.#change();
    return true;
  }

  #change(): void {
    this.#forgetPaths();
    this.addresses = this.#routes.addresses.map(({ text }) => text);
    this.#changes.call(this.addresses);
  }

  #forgetPaths(): void {
    this.#paths.clear();
    this.#lastKey = -1;
    this.#last = undefined;
  }

  #path(destination: Uint8Array): Path | undefined {
    const key = toNumber(destination);
    if (key === this.#lastKey) return this.#last;
    let path = this.#paths.get(key);
    if (path === undefined) {
      path = this.#makePath(key, destination);
      if (path === undefined) return undefined;
      if (this.#paths.size >= maxPaths) this.#paths.clear();
      this.#paths.set(key, path);
    }
    this.#lastKey = key;
    this.#last = path;
    return path;
  }

  #makePath(key: number, destination: Uint8Array): Path | undefined {
    const mac = this.#macOfMany(key, destination);
    if (mac !== undefined) return this.#straightPath(destination, mac);
    const identification = this.#options.random.uint32() & 0xffff;
    const network = key >>> 24;
    if (network === 127 || this.#routes.isOurs(key)) {
      return { source: destination.slice(), next: "us", mtuBytes: maxPacketBytes, identification };
    }
    const hop = network === 0 || network >= 224 ? undefined : this.#routes.find(destination);
    if (hop === undefined || this.#routes.isOurs(toNumber(hop.nextHop))) return undefined;
    const next = this.#neighbours.get(hop.nextHop);
    return { source: hop.source, next, mtuBytes: this.#pathMtus.get(key), identification };
  }

  /** A path to a MAC address that is known without asking. */
  #straightPath(destination: Uint8Array, next: Uint8Array): Path {
    const { ethernet, random } = this.#options;
    const source = this.#routes.find(destination)?.source ?? this.#firstAddress();
    const identification = random.uint32() & 0xffff;
    return { source, next, mtuBytes: ethernet.mtu, identification };
  }

  /** The MAC address of a broadcast or a group (RFC 1112, 6.4). */
  #macOfMany(key: number, destination: Uint8Array): Uint8Array | undefined {
    if (key === toNumber(broadcast) || this.#routes.isBroadcast(key)) return broadcastMac;
    if (!isGroup(destination)) return undefined;
    return Uint8Array.of(0x01, 0x00, 0x5e, (key >>> 16) & 0x7f, (key >>> 8) & 0xff, key & 0xff);
  }

  #firstAddress(): Uint8Array {
    return this.#routes.addresses[0]?.bytes ?? unspecified;
  }

  /** Whether `source` is ours; to a broadcast address it may be nobody's (RFC 2131, 4.1). */
  #maySendFrom(source: Uint8Array, { next }: Path): boolean {
    const key = toNumber(source);
    if (this.#routes.isOurs(key)) return true;
    return next === "us" ? key >>> 24 === 127 : next instanceof Uint8Array && key === 0;
  }

  #sendIgmp(destination: Uint8Array, sizeBytes: number, fill: FrameWriter): void {
    const path = this.#path(destination);
    if (path === undefined) return;
    const options = { timeToLive: 1 };
    this.#output.send(path, destination, igmp, sizeBytes, fill, options, routerAlert);
  }
}
