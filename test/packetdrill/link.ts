/** The Internet layer under the TCP that is tested: it keeps what is sent and hears from scripts. */

import {
  ProtocolError,
  type FrameWriter,
  type Icmp,
  type IcmpReport,
  type Ip,
  type PacketOptions,
  type PacketReceiver,
} from "../../src/devices/index.ts";

/** A packet that TCP has sent. */
export interface SentPacket {
  readonly atMs: number;
  /** What follows the IP header. */
  readonly payload: Uint8Array;
  readonly timeToLive: number;
  readonly trafficClass: number;
}

/** The addresses of both ends, as bytes and as text. */
export interface Addresses {
  readonly local: Uint8Array;
  readonly remote: Uint8Array;
  readonly localText: string;
  readonly remoteText: string;
}

/** Those that packetdrill uses when a script names none. */
const addresses: Readonly<Record<4 | 6, Addresses>> = {
  4: {
    local: Uint8Array.of(192, 168, 0, 1),
    remote: Uint8Array.of(192, 0, 2, 1),
    localText: "192.168.0.1",
    remoteText: "192.0.2.1",
  },
  6: {
    local: Uint8Array.of(0xfd, 0x3d, 0xfa, 0x7b, 0xd1, 0x7d, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    remote: Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
    localText: "fd3d:fa7b:d17d::1",
    remoteText: "2001:db8::1",
  },
};

const tcpProtocol = 6;
const noOffloads = { checksum: false, segmentationBytes: 0 };

/** An {@link Ip} and an {@link Icmp} of one host with one peer, between a stack and a script. */
export class Link {
  readonly version: 4 | 6;
  readonly addresses: Addresses;
  readonly ip: Ip;
  readonly icmp: Icmp;
  /** What was sent and not looked at yet, oldest first. */
  readonly sent: SentPacket[] = [];
  readonly #batchEnds = new Set<() => void>();
  readonly #reportListeners = new Set<(report: IcmpReport) => void>();
  #receiver: PacketReceiver | undefined;
  #pathMtuBytes: number;

  constructor(version: 4 | 6, mtuBytes: number, nowMs: () => number) {
    this.version = version;
    this.addresses = addresses[version];
    this.#pathMtuBytes = mtuBytes;
    this.ip = this.#makeIp(nowMs);
    this.icmp = this.#makeIcmp();
  }

  get #headerBytes(): number {
    return this.version === 4 ? 20 : 40;
  }

  /** Hands a packet from the peer to TCP. */
  inject(payload: Uint8Array, timeToLive: number, trafficClass: number): void {
    const { remote, local } = this.addresses;
    const bytes = this.#packet(remote, local, payload);
    this.#receiver?.({
      payload: bytes.subarray(this.#headerBytes),
      source: remote,
      destination: local,
      timeToLive,
      trafficClass,
      bytes,
      offload: undefined,
    });
    for (const end of this.#batchEnds) end();
  }

  /** Tells TCP what a router says of its packet with this payload. */
  report(type: number, code: number, parameter: number, payload: Uint8Array): void {
    const { remote, local } = this.addresses;
    const isTooBig = this.version === 4 ? type === 3 && code === 4 : type === 2;
    if (isTooBig) this.#pathMtuBytes = Math.min(this.#pathMtuBytes, parameter);
    const packet = this.#packet(local, remote, payload);
    for (const listener of this.#reportListeners) {
      listener({ source: remote, type, code, parameter, packet });
    }
    for (const end of this.#batchEnds) end();
  }

  #makeIp(nowMs: () => number): Ip {
    const { version, addresses: hosts } = this;
    return {
      version,
      counters: {},
      addresses: [`${hosts.localText}/${version === 4 ? 24 : 64}`],
      offloads: noOffloads,
      write: (
        destination: Uint8Array,
        protocol: number,
        sizeBytes: number,
        fill: FrameWriter,
        { timeToLive = 64, trafficClass = 0 }: PacketOptions = {},
      ) => {
        if (protocol !== tcpProtocol || !isSame(destination, hosts.remote)) {
          throw new ProtocolError("no-route", "Cannot send: there is one peer, and it speaks TCP");
        }
        const into = new Uint8Array(sizeBytes);
        const payload = into.subarray(0, fill(into));
        this.sent.push({ atMs: nowMs(), payload, timeToLive, trafficClass });
      },
      listen: (protocol, receiver) => {
        if (protocol === tcpProtocol) this.#receiver = receiver;
      },
      onBatchEnd: (listener) => subscribe(this.#batchEnds, listener),
      join: () => () => {},
      pathPayloadBytes: () => this.#pathMtuBytes - this.#headerBytes,
      sourceFor: (destination) =>
        [hosts.remote, hosts.local].some((each) => isSame(destination, each))
          ? hosts.local
          : undefined,
      [Symbol.asyncDispose]: async () => {},
    };
  }

  #makeIcmp(): Icmp {
    return {
      counters: {},
      echo: async () => {
        throw new ProtocolError("unreachable", "Cannot ping: only TCP is tested here");
      },
      onReport: (listener) => subscribe(this.#reportListeners, listener),
      report: () => {},
      [Symbol.asyncDispose]: async () => {},
    };
  }

  /** With as much of an IP header as TCP may look at. */
  #packet(source: Uint8Array, destination: Uint8Array, payload: Uint8Array): Uint8Array {
    const headerBytes = this.#headerBytes;
    const bytes = new Uint8Array(headerBytes + payload.length);
    const view = new DataView(bytes.buffer);
    if (this.version === 4) {
      view.setUint8(0, 0x45);
      view.setUint16(2, bytes.length);
      view.setUint8(8, 64);
      view.setUint8(9, tcpProtocol);
    } else {
      view.setUint8(0, 0x60);
      view.setUint16(4, payload.length);
      view.setUint8(6, tcpProtocol);
      view.setUint8(7, 64);
    }
    bytes.set(source, headerBytes - 2 * source.length);
    bytes.set(destination, headerBytes - destination.length);
    bytes.set(payload, headerBytes);
    return bytes;
  }
}

function subscribe<Listener>(listeners: Set<Listener>, listener: Listener): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
