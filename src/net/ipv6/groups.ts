/** Groups of IPv6 (RFC 4291, 2.7) and their MAC addresses (RFC 2464, 7). */

/** `ff02::1`: all nodes on the link. */
export const allNodes: Uint8Array = linkGroup(1);

/** `ff02::2`: all routers on the link. */
export const allRouters: Uint8Array = linkGroup(2);

/** `ff02::16`: all routers that speak MLDv2 (RFC 3810, 5.2.14). */
export const allReportReaders: Uint8Array = linkGroup(0x16);

function linkGroup(last: number): Uint8Array {
  return Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last);
}

/** `ff02::1:ffxx:xxxx`, which whoever has `address` listens to; *fresh*. */
export function solicitedNode(address: Uint8Array): Uint8Array {
  const group = linkGroup(0);
  group[11] = 1;
  group[12] = 0xff;
  group.set(address.subarray(13), 13);
  return group;
}

/** The MAC address of a group: 33:33 and its last four bytes; *fresh*. */
export function macOf(group: Uint8Array): Uint8Array {
  return Uint8Array.of(0x33, 0x33, ...group.subarray(12));
}
