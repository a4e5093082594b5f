/** The names that scripts have for types and codes of ICMP. */

interface Numbers {
  readonly type: number;
  readonly code: number;
}

type Codes = Readonly<Record<string, number>>;

/** @see RFC 792; RFC 1122, 3.2.2.1; RFC 1812, 5.2.7.1 */
const version4: Readonly<Record<string, readonly [number, Codes]>> = {
  unreachable: [
    3,
    {
      net_unreachable: 0,
      host_unreachable: 1,
      protocol_unreachable: 2,
      port_unreachable: 3,
      frag_needed: 4,
      source_route_failed: 5,
      net_unknown: 6,
      host_unknown: 7,
      source_host_isolated: 8,
      net_prohibited: 9,
      host_prohibited: 10,
      net_unreachable_for_tos: 11,
      host_unreachable_for_tos: 12,
      packet_filtered: 13,
      precedence_violation: 14,
      precedence_cutoff: 15,
    },
  ],
  source_quench: [4, {}],
  redirect: [5, {}],
  time_exceeded: [
    11,
    { ttl_exceeded_in_transit: 0, exceeded_hop_limit: 0, frag_reass_exceeded: 1 },
  ],
  parameter_problem: [12, { code_0: 0, code_1: 1, code_2: 2 }],
};

/** @see RFC 4443, 3 */
const version6: Readonly<Record<string, readonly [number, Codes]>> = {
  unreachable: [
    1,
    {
      no_route: 0,
      admin_prohibited: 1,
      not_neighbour: 2,
      address_unreachable: 3,
      port_unreachable: 4,
      source_address_failed: 5,
      reject_route: 6,
    },
  ],
  packet_too_big: [2, {}],
  time_exceeded: [3, { exceeded_hop_limit: 0, exceeded_frag_time: 1 }],
  parameter_problem: [4, { header_field: 0, unknown_next_header: 1, unknown_option: 2 }],
};

/** Returns the numbers of a message, or `undefined` if a name is unknown. */
export function icmpNumbers(
  version: 4 | 6,
  typeName: string,
  codeName: string | undefined,
): Numbers | undefined {
  const [type, codes] = (version === 4 ? version4 : version6)[typeName] ?? [];
  if (type === undefined || codes === undefined) return undefined;
  const code = codeName === undefined ? 0 : codes[codeName];
  return code === undefined ? undefined : { type, code };
}
