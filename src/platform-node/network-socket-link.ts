/** Where the frames of a {@link ./network-socket.ts} go, as one text. */

import { isIPv6 } from "node:net";

/** An address or name, and a port 0–65535. */
export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

/** What carries the frames of an interface. */
export type SocketLink =
  /** A frame in each UDP datagram, between two addresses. */
  | { readonly kind: "udp"; readonly local: HostAndPort; readonly peer: HostAndPort }
  /** A TCP connection, or one to the path of a Unix socket, that this side opens. */
  | { readonly kind: "stream"; readonly to: HostAndPort | string }
  /** The same, opened by the other side. */
  | { readonly kind: "listen"; readonly at: HostAndPort | string }
  /** A descriptor that this process was started with: a TAP device, or a socket of packets. */
  | { readonly kind: "fd"; readonly fd: number };

/**
 * Reads what carries the frames:
 *
 * - `udp:127.0.0.1:4000,127.0.0.1:4001`: from the first address to the second;
 * - `stream:127.0.0.1:4000` or `stream:/run/qemu.sock`;
 * - `listen:127.0.0.1:4000` or `listen:/run/qemu.sock`;
 * - `fd:3`.
 *
 * A host is a name, an IPv4 address, or an IPv6 address in brackets; without one it is 127.0.0.1. A
 * path holds a `/`.
 *
 * @throws {TypeError} if `text` is none of these
 */
export function parseSocketLink(text: string): SocketLink {
  const [, kind, rest = ""] = /^([a-z]+):(.+)$/s.exec(text) ?? [];
  switch (kind) {
    case "udp": {
      const [local = "", peer, ...more] = rest.split(",");
      if (peer === undefined || more.length > 0) {
        throw unusable(text, "udp takes two addresses, ours and the peer's, such as :4000,:4001");
      }
      return { kind, local: hostAndPort(text, local), peer: hostAndPort(text, peer, 1) };
    }
    case "stream":
      return { kind, to: rest.includes("/") ? rest : hostAndPort(text, rest, 1) };
    case "listen":
      return { kind, at: rest.includes("/") ? rest : hostAndPort(text, rest, 1) };
    case "fd": {
      const fd = wholeNumber(rest);
      if (!(fd >= 3)) throw unusable(text, "a descriptor is a whole number from 3 on");
      return { kind, fd };
    }
    default:
      throw unusable(text, "it is udp:…, stream:…, listen:… or fd:…");
  }
}

function hostAndPort(text: string, part: string, leastPort = 0): HostAndPort {
  const [, bracketed, plain, digits = ""] = /^(?:\[([^\]]*)\]|([^:[\]]*)):(\d+)$/.exec(part) ?? [];
  const port = wholeNumber(digits);
  if (!(port >= leastPort && port <= 65_535)) {
    throw unusable(text, `"${part}" is no host with a port, such as 127.0.0.1:4000`);
  }
  if (bracketed !== undefined && !isIPv6(bracketed)) {
    throw unusable(text, `"${bracketed}" is no IPv6 address`);
  }
  return { host: bracketed ?? (plain || "127.0.0.1"), port };
}

function wholeNumber(digits: string): number {
  return /^\d{1,9}$/.test(digits) ? Number(digits) : Number.NaN;
}

function unusable(text: string, why: string): TypeError {
  return new TypeError(`Cannot use "${text}" as a network: ${why}`);
}
