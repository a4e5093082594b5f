/**
 * An Internet of hosts without layers below: packets arrive after a delay of virtual time, with IP
 * headers that hold no more than an error quotes.
 */

import {
  ProtocolError,
  type FrameOffload,
  type FrameWriter,
  type Icmp,
  type IcmpReport,
  type Ip,
  type PacketOptions,
  type PacketReceiver,
} from "../src/devices/index.ts";
import { formatAddress, parsePrefix } from "../src/net/address.ts";
import type { Timeline } from "../src/simulated/index.ts";

/** A packet on its way. */
export interface FakePacket {
  readonly from: string;
  readonly to: string;
  readonly protocol: number;
  readonly payload: Uint8Array;
  readonly timeToLive: number;
  readonly offload: FrameOffload | undefined;
}

export class FakeInternet {
  readonly delayMs: number = 1;
  /** Every packet that was sent, the lost ones too. */
  readonly packets: FakePacket[] = [];
  /** Says which packets get lost. */
  loses: (packet: FakePacket) => boolean = () => false;
  /** What was reported about packets. */
  readonly reports: { readonly type: number; readonly code: number }[] = [];
  readonly #timeline: Timeline;
  readonly #hosts: FakeIp[] = [];

  constructor(timeline: Timeline) {
    this.#timeline = timeline;
  }

  /** A host with these addresses, as `10.0.0.2/24`, of one version. */
  host(version: 4 | 6, ...addresses: readonly string[]): FakeIp {
    const host = new FakeIp(this, version, addresses);
    this.#hosts.push(host);
    return host;
  }

  /** The host that has this address. */
  hostAt(address: string): FakeIp | undefined {
    return this.#hosts.find((host) => host.has(address));
  }

  send(sender: FakeIp, packet: FakePacket): void {
    this.packets.push(packet);
    if (this.loses(packet)) return;
    const isForAll = /^(?:255\.|22\d|23\d|ff)/.test(packet.to);
    for (const host of this.#hosts) {
      if (host.version !== sender.version) continue;
      if (isForAll ? host === sender : !host.has(packet.to)) continue;
      this.#timeline.after(this.delayMs, () => host.hear(packet));
    }
  }

  /** ICMP between these hosts: a report reaches the one whose packet it quotes. */
  icmp(ip: FakeIp): Icmp & { readonly listenerCount: number } {
    const listeners = ip.reportListeners;
    return {
      counters: {},
      get listenerCount() {
        return listeners.size;
      },
      echo: () => Promise.reject(new ProtocolError("timed-out", "Nobody answers")),
      onReport: (listener) => {
        listeners.add(listener);
        return () => void listeners.delete(listener);
      },
      report: (packet, type, code) => {
        // Nobody is told of what was for many (RFC 1122, 3.2.2).
        if (packet[ip.version === 4 ? 16 : 24] === 0xff) return;
        this.reports.push({ type, code });
        const quoted = packet.slice();
        const sourceAt = ip.version === 4 ? 12 : 8;
        const bytes = ip.version === 4 ? 4 : 16;
        const to = formatAddress(quoted.subarray(sourceAt, sourceAt + bytes));
        const source = quoted.slice(sourceAt + bytes, sourceAt + 2 * bytes);
        const report = { source, type, code, parameter: 0, packet: quoted };
        for (const host of this.#hosts) if (host.has(to)) this.#tell(host, report);
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  #tell(host: FakeIp, report: IcmpReport): void {
    this.#timeline.after(this.delayMs, () => {
      for (const listener of host.reportListeners) listener(report);
    });
  }
}

export class FakeIp implements Ip {
  readonly counters = {};
  readonly version: 4 | 6;
  addresses: readonly string[];
  offloads = { checksum: false, segmentationBytes: 0 };
  readonly groups: string[] = [];
  readonly reportListeners = new Set<(report: IcmpReport) => void>();
  readonly receivers = new Map<number, PacketReceiver>();
  readonly #internet: FakeInternet;

  constructor(internet: FakeInternet, version: 4 | 6, addresses: readonly string[]) {
    this.#internet = internet;
    this.version = version;
    this.addresses = addresses;
  }

  has(address: string): boolean {
    return this.addresses.some((each) => each.startsWith(`${address}/`));
  }

  /** Hears a packet as if it came from the link. */
  hear({ from, to, protocol, payload, timeToLive, offload }: FakePacket): void {
    const source = bytesOf(from);
    const destination = bytesOf(to);
    const bytes = withHeader(source, destination, protocol, payload);
    const header = bytes.length - payload.length;
    this.receivers.get(protocol)?.({
      payload: bytes.subarray(header),
      source: source.slice(),
      destination,
      timeToLive,
      trafficClass: 0,
      bytes,
      offload,
    });
  }

  write(
    destination: Uint8Array,
    protocol: number,
    sizeBytes: number,
    fill: FrameWriter,
    options?: PacketOptions,
  ): void {
    const source = options?.source ?? this.sourceFor(destination);
    const isOurs =
      source?.every((byte) => byte === 0) || this.has(formatAddress(source ?? destination));
    if (source === undefined || !isOurs) throw new ProtocolError("no-route", "There is no route");
    const into = new Uint8Array(sizeBytes).fill(0xaa);
    const payload = into.subarray(0, fill(into));
    this.#internet.send(this, {
      from: formatAddress(source),
      to: formatAddress(destination),
      protocol,
      payload,
      timeToLive: options?.timeToLive ?? 64,
      offload: options?.offload,
    });
  }

  listen(protocol: number, receiver: PacketReceiver | undefined): void {
    if (receiver === undefined) this.receivers.delete(protocol);
    else this.receivers.set(protocol, receiver);
  }

  onBatchEnd(): () => void {
    return () => {};
  }

  join(group: Uint8Array): () => void {
    this.groups.push(formatAddress(group));
    return () => void this.groups.splice(this.groups.indexOf(formatAddress(group)), 1);
  }

  pathPayloadBytes(): number {
    return this.version === 4 ? 1480 : 1460;
  }

  sourceFor(_destination: Uint8Array): Uint8Array | undefined {
    const [first] = this.addresses;
    return first === undefined ? undefined : parsePrefix(first)?.address;
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function withHeader(
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number,
  payload: Uint8Array,
): Uint8Array {
  const isIpv4 = source.length === 4;
  const header = new Uint8Array(isIpv4 ? 20 : 40);
  header[0] = isIpv4 ? 0x45 : 0x60;
  header[isIpv4 ? 9 : 6] = protocol;
  header.set(source, isIpv4 ? 12 : 8);
  header.set(destination, isIpv4 ? 16 : 24);
  const bytes = new Uint8Array(header.length + payload.length);
  bytes.set(header);
  bytes.set(payload, header.length);
  return bytes;
}

function bytesOf(text: string): Uint8Array {
  const prefix = parsePrefix(`${text}/0`);
  if (prefix === undefined) throw new TypeError(`${text} is no address`);
  return prefix.address;
}
