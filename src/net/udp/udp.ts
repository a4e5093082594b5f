import {
  ProtocolError,
  type Icmp,
  type IcmpReport,
  type Ip,
  type Random,
  type ReceivedPacket,
  type Udp,
  type UdpSocket,
} from "../../devices/index.ts";
import { formatAddress, parseAddress } from "../address.ts";
import { checkPort } from "../check-port.ts";
import { ephemeralPort } from "../ephemeral-port.ts";
import { read } from "../icmp/quoted.ts";
import { isSameAddress } from "../prefix.ts";
import { word } from "../words.ts";
import { checksumOf, decode, headerBytes, protocolNumber } from "./packet.ts";
import { DatagramSender } from "./sender.ts";
import { addressOf, isUnspecified, Socket, type SocketHost } from "./socket.ts";

/** What UDP stands on; with one version of IP there is no route for the other. */
export interface UdpOptions {
  readonly v4?: Ip | undefined;
  readonly v6?: Ip | undefined;
  /** Reports ports where nobody is, and hears of those of others. */
  readonly icmp?: Icmp | undefined;
  readonly random: Random;
}

/** Type and code of "port unreachable" (RFC 792; RFC 4443, 3.1), by the length of addresses. */
const portUnreachable: Readonly<Record<number, readonly [type: number, code: number]>> = {
  4: [3, 3],
  16: [1, 4],
};

/** UDP over the layers that are given, which stay the caller's. */
export function connect(options: UdpOptions): Udp {
  return new UdpDevice(options);
}

class UdpDevice implements Udp, SocketHost {
  readonly counters = {
    datagramsIn: 0,
    datagramsOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    /** Datagrams for a socket that had no room. */
    droppedIn: 0,
    /** Datagrams for ports where nobody is. */
    noPort: 0,
    malformed: 0,
    badChecksum: 0,
  };
  readonly sender = new DatagramSender();
  readonly #ips: readonly Ip[];
  readonly #icmp: Icmp | undefined;
  readonly #random: Random;
  /** Sockets by port; the lists are replaced, not changed, since a receiver may bind or dispose. */
  readonly #ports = new Map<number, readonly Socket[]>();
  readonly #stopReports: (() => void) | undefined;
  #isClosed = false;

  constructor({ v4, v6, icmp, random }: UdpOptions) {
    this.#ips = [v6, v4].filter((ip) => ip !== undefined);
    this.#icmp = icmp;
    this.#random = random;
    for (const ip of this.#ips) ip.listen(protocolNumber, this.#receive);
    this.#stopReports = icmp?.onReport(this.#heed);
  }

  bind(port: number, { address }: { readonly address?: string } = {}): UdpSocket {
    checkPort(port);
    if (this.#isClosed) throw new ProtocolError("closed", "Cannot bind a port: UDP was disposed");
    const bound = address === undefined ? undefined : this.#ours(address);
    const isTaken = (port: number): boolean => this.#isTaken(port, bound);
    const picked = port === 0 ? ephemeralPort(this.#random, isTaken) : port;
    if (picked === undefined || isTaken(picked)) {
      throw new ProtocolError("address-in-use", `Cannot bind port ${port}: it is taken`);
    }
    const any = this.#ips[0]?.version === 6 ? "::" : "0.0.0.0";
    const text = bound === undefined ? any : formatAddress(bound);
    const socket = new Socket(this, bound, { address: text, port: picked });
    this.#ports.set(picked, [...(this.#ports.get(picked) ?? []), socket]);
    return socket;
  }

  ipFor(address: Uint8Array): Ip {
    const ip = this.#ips.find(({ version }) => version === (address.length === 4 ? 4 : 6));
    if (ip !== undefined) return ip;
    const message = `Cannot use ${formatAddress(address)}: there is no IP of its version`;
    throw new ProtocolError("no-route", message);
  }

  release(socket: Socket): void {
    const { port } = socket.local;
    const left = this.#ports.get(port)?.filter((each) => each !== socket) ?? [];
    if (left.length === 0) this.#ports.delete(port);
    else this.#ports.set(port, left);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopReports?.();
    for (const ip of this.#ips) {
      try {
        ip.listen(protocolNumber, undefined);
      } catch {
        // It was disposed before us, and calls nobody any more.
      }
    }
    for (const socket of [...this.#ports.values()].flat()) await socket[Symbol.asyncDispose]();
  }

  #ours(text: string): Uint8Array {
    const address = addressOf(parseAddress(text), text);
    if (isUnspecified(address) || isOurs(this.ipFor(address), address)) return address;
    throw new ProtocolError("no-route", `Cannot bind ${text}: it is not ours`);
  }

  #isTaken(port: number, bound: Uint8Array | undefined): boolean {
    return (this.#ports.get(port) ?? []).some((socket) => overlap(socket.bound, bound));
  }

  readonly #receive = (packet: ReceivedPacket): void => {
    const datagram = decode(packet.payload);
    if (datagram === undefined) {
      this.counters.malformed += 1;
      return;
    }
    const { destination } = packet;
    const { payload } = datagram;
    if (!isIntact(packet, datagram.checksum, headerBytes + payload.length)) {
      this.counters.badChecksum += 1;
      return;
    }
    let isForSomebody = false;
    for (const socket of this.#ports.get(datagram.destinationPort) ?? []) {
      if (!socket.accepts(destination)) continue;
      isForSomebody = true;
      socket.deliver(datagram, packet);
    }
    if (isForSomebody) {
      this.counters.datagramsIn += 1;
      this.counters.bytesIn += payload.length;
      return;
    }
    this.counters.noPort += 1;
    const [type = 0, code = 0] = portUnreachable[destination.length] ?? [];
    this.#icmp?.report(packet.bytes, type, code);
  };

  /** Tells a socket that a datagram of its own was refused. */
  readonly #heed = ({ source, type, code, packet }: IcmpReport): void => {
    const [refusedType, refusedCode] = portUnreachable[source.length] ?? [];
    if (type !== refusedType || code !== refusedCode) return;
    const quoted = read(packet);
    if (quoted?.protocol !== protocolNumber || !quoted.isFirst) return;
    const { payloadStart: at } = quoted;
    if (packet.length < at + 4) return;
    for (const socket of this.#ports.get(word(packet, at)) ?? []) {
      if (socket.accepts(quoted.source)) socket.refuse(quoted.destination, word(packet, at + 2));
    }
  };
}

/** Whether the checksum is right, left out by the link, or in IPv4 not there (RFC 8200, 8.1). */
function isIntact(packet: ReceivedPacket, checksum: number, lengthBytes: number): boolean {
  const { payload, source, destination, offload } = packet;
  if (offload?.checksumOmitted === true) return true;
  if (checksum === 0) return destination.length === 4;
  return checksumOf(payload, lengthBytes, source, destination) === 0;
}

/** Whether it is one of the layer's addresses, or of its loopback. */
function isOurs(ip: Ip, address: Uint8Array): boolean {
  const text = `${formatAddress(address)}/`;
  return (
    (ip.version === 4 ? address[0] === 127 : text === "::1/") ||
    ip.addresses.some((each) => each.startsWith(text))
  );
}

/** Whether two sockets on one port would get the same datagrams. */
function overlap(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return true;
  if (one.length !== other.length) return false;
  return isUnspecified(one) || isUnspecified(other) || isSameAddress(one, other);
}
