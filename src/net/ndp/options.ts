/**
 * Options of neighbour discovery (RFC 4861, 4.6): a type, a length in units of 8 bytes that counts
 * both, and a body, which is read where somebody wants it.
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 *     |     Type      |    Length     |            Body …             |
 *     +-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
 */

import { long, setLong } from "../words.ts";

/** Types of options that are read or written here. */
export const optionType = {
  sourceMac: 1,
  targetMac: 2,
  prefix: 3,
  mtu: 5,
  dnsServers: 25,
  searchDomains: 31,
} as const;

/** An option as it came; of an unknown type too. */
export interface NdpOption {
  /** 0–255. */
  readonly type: number;
  /** What follows type and length: 6, 14, 22 … bytes. */
  readonly body: Uint8Array;
}

/** Reads the options from `at` on; `undefined` if a length is 0 or leads past the end. */
export function decodeOptions(bytes: Uint8Array, at: number): NdpOption[] | undefined {
  const options: NdpOption[] = [];
  for (let from = at; from < bytes.length;) {
    const end = from + 8 * (bytes[from + 1] ?? 0);
    if (end === from || end > bytes.length) return undefined;
    options.push({ type: bytes[from] ?? 0, body: bytes.subarray(from + 2, end) });
    from = end;
  }
  return options;
}

/** Writes options from `at` on and returns where they end. */
export function encodeOptions(options: readonly NdpOption[], into: Uint8Array, at: number): number {
  let end = at;
  for (const { type, body } of options) {
    into[end] = type;
    into[end + 1] = (body.length + 2) / 8;
    into.set(body, end + 2);
    end += body.length + 2;
  }
  return end;
}

/** The body of the first option of `type` that has at least `bodyBytes`. */
export function bodyOf(
  options: readonly NdpOption[],
  type: number,
  bodyBytes: number,
): Uint8Array | undefined {
  return options.find((option) => option.type === type && option.body.length >= bodyBytes)?.body;
}

/** The MAC address that an option of `type` names, a view of 6 bytes; `undefined` if none does. */
export function macIn(options: readonly NdpOption[], type: 1 | 2): Uint8Array | undefined {
  const mac = bodyOf(options, type, 6)?.subarray(0, 6);
  // A group is nobody's own address.
  return mac === undefined || ((mac[0] ?? 1) & 1) === 1 ? undefined : mac;
}

/** A prefix of the link (RFC 4861, 4.6.2). */
export interface PrefixInformation {
  /** 0–128 bits. */
  readonly length: number;
  /** Whether addresses of it are neighbours. */
  readonly isOnLink: boolean;
  /** Whether a host may make itself an address of it (RFC 4862). */
  readonly isAutonomous: boolean;
  /** Seconds; 0xffffffff is for ever. */
  readonly validLifetimeS: number;
  /** Seconds; 0xffffffff is for ever. */
  readonly preferredLifetimeS: number;
  /** 16 bytes, a view of the option. */
  readonly prefix: Uint8Array;
}

/** Where the fields of a prefix are in its option's body. */
const prefixOffset = { length: 0, flags: 1, valid: 2, preferred: 6, prefix: 14, end: 30 } as const;

/** Reads the body of a prefix's option; `undefined` if it is too short or says nonsense. */
export function decodePrefix(body: Uint8Array): PrefixInformation | undefined {
  const length = body[prefixOffset.length] ?? 0;
  if (body.length < prefixOffset.end || length > 128) return undefined;
  const flags = body[prefixOffset.flags] ?? 0;
  return {
    length,
    isOnLink: (flags & 0x80) !== 0,
    isAutonomous: (flags & 0x40) !== 0,
    validLifetimeS: long(body, prefixOffset.valid),
    preferredLifetimeS: long(body, prefixOffset.preferred),
    prefix: body.subarray(prefixOffset.prefix, prefixOffset.end),
  };
}

/** Makes the option of a prefix, *fresh*. */
export function encodePrefix(information: PrefixInformation): NdpOption {
  const body = new Uint8Array(prefixOffset.end);
  body[prefixOffset.length] = information.length;
  body[prefixOffset.flags] =
    (information.isOnLink ? 0x80 : 0) | (information.isAutonomous ? 0x40 : 0);
  setLong(body, prefixOffset.valid, information.validLifetimeS);
  setLong(body, prefixOffset.preferred, information.preferredLifetimeS);
  body.set(information.prefix, prefixOffset.prefix);
  return { type: optionType.prefix, body };
}

/** What servers or domains a router knows, and for how many seconds (RFC 8106, 5). */
export interface DnsInformation<Item> {
  /** 0xffffffff is for ever, 0 no longer. */
  readonly lifetimeS: number;
  readonly items: readonly Item[];
}

/** Where the fields are in the bodies of both options of RFC 8106. */
const dnsOffset = { lifetime: 2, items: 6 } as const;

/** Reads the body of an RDNSS option: addresses of 16 bytes, views of it. */
export function decodeDnsServers(body: Uint8Array): DnsInformation<Uint8Array> {
  const items: Uint8Array[] = [];
  for (let at: number = dnsOffset.items; at + 16 <= body.length; at += 16) {
    items.push(body.subarray(at, at + 16));
  }
  return { lifetimeS: long(body, dnsOffset.lifetime), items };
}

/** Makes an RDNSS option, *fresh*. */
export function encodeDnsServers({ lifetimeS, items }: DnsInformation<Uint8Array>): NdpOption {
  const body = new Uint8Array(dnsOffset.items + 16 * items.length);
  setLong(body, dnsOffset.lifetime, lifetimeS);
  items.forEach((item, index) => body.set(item, dnsOffset.items + 16 * index));
  return { type: optionType.dnsServers, body };
}

/**
 * Reads the body of a DNSSL option: names without a final dot, those before the first that is
 * malformed. Labels other than letters, digits, hyphens and underscores are malformed.
 */
export function decodeSearchDomains(body: Uint8Array): DnsInformation<string> {
  const items: string[] = [];
  let labels: string[] = [];
  for (let at: number = dnsOffset.items; at < body.length;) {
    const length = body[at] ?? 0;
    const label = String.fromCharCode(...body.subarray(at + 1, at + 1 + Math.min(length, 63)));
    // A root name is padding.
    if (length === 0 && labels.length > 0) {
      items.push(labels.join("."));
      labels = [];
    } else if (length > 0) {
      if (label.length !== length || !/^[\w-]+$/.test(label)) break;
      labels.push(label);
    }
    at += 1 + length;
  }
  return { lifetimeS: long(body, dnsOffset.lifetime), items };
}

/** Makes a DNSSL option, *fresh*. */
export function encodeSearchDomains({ lifetimeS, items }: DnsInformation<string>): NdpOption {
  const names: number[] = [];
  for (const item of items) {
    for (const label of item.split(".")) {
      names.push(label.length, ...new TextEncoder().encode(label));
    }
    names.push(0);
  }
  const body = new Uint8Array(dnsOffset.items + Math.ceil(names.length / 8) * 8);
  setLong(body, dnsOffset.lifetime, lifetimeS);
  body.set(names, dnsOffset.items);
  return { type: optionType.searchDomains, body };
}
