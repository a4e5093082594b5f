/** What the data of records says, by type (RFC 1035, 3.3; RFC 3596; RFC 2782). */

import type { ResourceRecords } from "../../devices/index.ts";
import { formatAddress } from "../address.ts";
import { long, word } from "../words.ts";
import { decodeName } from "./name.ts";
import { recordType, type DnsRecord } from "./packet.ts";

type Reader<Data> = (data: Uint8Array, message: Uint8Array) => Data | undefined;

const target: Reader<{ readonly target: string }> = (data, message) => nameAt(data, 0, message);

const readers: { readonly [Type in keyof ResourceRecords]: Reader<ResourceRecords[Type]> } = {
  A: (data) => (data.length === 4 ? { address: formatAddress(data) } : undefined),
  AAAA: (data) => (data.length === 16 ? { address: formatAddress(data) } : undefined),
  CNAME: target,
  NS: target,
  PTR: target,
  MX: (data, message) => {
    const named = nameAt(data, 2, message);
    return named && { preference: word(data, 0), ...named };
  },
  TXT: (data) => {
    const texts: Uint8Array[] = [];
    for (let at = 0; at < data.length;) {
      const end = at + 1 + (data[at] ?? 0);
      if (end > data.length) return undefined;
      texts.push(data.slice(at + 1, end));
      at = end;
    }
    return { texts };
  },
  SRV: (data, message) => {
    const named = nameAt(data, 6, message);
    return (
      named && { priority: word(data, 0), weight: word(data, 2), port: word(data, 4), ...named }
    );
  },
};

/** Reads the data of a record of `message`; `undefined` if it is of another type or malformed. */
export function decodeData<Type extends keyof ResourceRecords>(
  type: Type,
  record: DnsRecord,
  message: Uint8Array,
): ResourceRecords[Type] | undefined {
  return record.type === recordType[type] ? readers[type](record.data, message) : undefined;
}

/**
 * How long an answer that there is nothing may be kept, from the SOA record that comes with it: its
 * own time to live or its last field, whichever is less; 0 without it.
 *
 * @see RFC 2308, 5
 */
export function negativeTtlSeconds(authorities: readonly DnsRecord[]): number {
  const soa = authorities.find(({ type }) => type === recordType.SOA);
  if (soa === undefined || soa.data.length < 4) return 0;
  return Math.min(soa.ttlSeconds, long(soa.data, soa.data.length - 4));
}

/** Reads the name that ends `data`. */
function nameAt(
  data: Uint8Array,
  at: number,
  message: Uint8Array,
): { readonly target: string } | undefined {
  const start = data.byteOffset - message.byteOffset;
  const named = decodeName(message, start + at);
  return named?.end === start + data.length ? { target: named.name } : undefined;
}
