import { parseAddress } from "../address.ts";
import { isLinkLocal } from "../ipv6/address.ts";

/**
 * Sorts addresses, best first: those that we have a fitting address to send from, IPv6 before IPv4,
 * then the others; otherwise as they came. That is what the rules 1, 2, 5 and 6 come to on a host
 * with one link and the usual table of policies.
 *
 * @see RFC 6724, 6
 */
export function sortDestinations(
  addresses: readonly string[],
  sourceFor: (destination: Uint8Array) => Uint8Array | undefined,
): readonly string[] {
  const rank = (text: string): number => {
    const address = parseAddress(text);
    const source = address && sourceFor(address);
    if (address === undefined || source === undefined) return 2;
    if (address.length === 4) return 1;
    return scope(source) === scope(address) ? 0 : 2;
  };
  return addresses.toSorted((one, other) => rank(one) - rank(other));
}

/** Addresses of the link, of a site (RFC 4193) and of the whole Internet do not mix well. */
function scope(address: Uint8Array): "link" | "site" | "global" {
  if (isLinkLocal(address)) return "link";
  return ((address[0] ?? 0) & 0xfe) === 0xfc ? "site" : "global";
}
