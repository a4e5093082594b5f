/** What stands under the names of hosts and services (RFC 6762, 10; RFC 6763, 4 to 9). */

import { parsePrefix } from "../address.ts";
import { below } from "../dns/domain.ts";
import { recordType } from "../dns/packet.ts";
import type { Holding } from "./claim.ts";
import type { MdnsRecord } from "./packet.ts";
import { encodePlace, encodeTarget, typeName, typesName, type Service } from "./service.ts";

/** For names of hosts, and what says where they are (RFC 6762, 10). */
const hostTtlSeconds = 120;
const otherTtlSeconds = 4500;

/** The addresses of a host, as text with prefix lengths. */
export function holdingOfHost(name: string, addresses: readonly string[]): Holding {
  const records = addresses.flatMap((text) => {
    const data = parsePrefix(text)?.address;
    if (data === undefined) return [];
    const type = data.length === 4 ? recordType.A : recordType.AAAA;
    return [unique(name, type, data, hostTtlSeconds)];
  });
  return { unique: records, shared: [] };
}

/** Where a service is, what is said of it, and what leads to it. */
export function holdingOfService(
  service: Service,
  name: string,
  host: string,
  texts: Uint8Array,
): Holding {
  const type = typeName(service.type);
  const pointers = [
    [type, name],
    ...(service.subtypes ?? []).map((each) => [below(`${each}._sub`, type), name]),
    [typesName, type],
  ] as const;
  return {
    unique: [
      unique(name, recordType.SRV, encodePlace(service.port, host), hostTtlSeconds),
      unique(name, recordType.TXT, texts, otherTtlSeconds),
    ],
    shared: pointers.map(([from = "", to = ""]) => pointer(from, to)),
  };
}

function unique(name: string, type: number, data: Uint8Array, ttlSeconds: number): MdnsRecord {
  return { name, type, class: 1, ttlSeconds, data, isUnique: true };
}

function pointer(from: string, to: string): MdnsRecord {
  const record = unique(from, recordType.PTR, encodeTarget(to), otherTtlSeconds);
  return { ...record, isUnique: false };
}
