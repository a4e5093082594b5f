/**
 * Messages of a bounded size. Options that have no room go on in the fields for names, which
 * nobody uses for anything else (RFC 2132, 9.3); those that have none there either are left out.
 */

import { encode, offset, option, type DhcpPacket } from "./packet.ts";
import { serverOption } from "./server-options.ts";

/** The option that says which fields hold options, and the end. */
const overloadBytes = 3;

/** A field for options: where it is in a message, and how much it holds beside the end. */
interface Area {
  readonly start: number;
  readonly roomBytes: number;
  /** Its bit of the option that says so. */
  readonly bit: number;
}

/** In the order in which they are read (RFC 3396, 5). */
const areas: readonly Area[] = [
  { start: offset.file, roomBytes: offset.magic - offset.file - 1, bit: 1 },
  { start: offset.sname, roomBytes: offset.file - offset.sname - 1, bit: 2 },
];

type Options = readonly (readonly [number: number, value: Uint8Array])[];

/**
 * Writes a message of at most `limitBytes` bytes into `into` (*borrowed*), options in the order in
 * which they are. What a relay agent said stays last (RFC 3046, 2.1), and has its room first.
 */
export function encodeWithin(
  packet: DhcpPacket,
  into: Uint8Array,
  limitBytes: number,
): { readonly lengthBytes: number; readonly leftOutCount: number } {
  const isLast = ([number]: Options[number]): boolean => number === serverOption.relayAgent;
  const last = [...packet.options].filter(isLast);
  const others = [...packet.options].filter((each) => !isLast(each));
  const roomBytes = limitBytes - offset.options - 1 - bytesOf(last);
  if (bytesOf(others) <= roomBytes) {
    const options = new Map([...others, ...last]);
    return { lengthBytes: encode({ ...packet, options }, into), leftOutCount: 0 };
  }
  const main = place(others, roomBytes - overloadBytes);
  let { left } = main;
  let bits = 0;
  const fields: { readonly start: number; readonly placed: Options }[] = [];
  for (const { start, roomBytes: fieldBytes, bit } of areas) {
    // One in pieces would have to be whole in each of them.
    const { placed, left: rest } = place(left, fieldBytes);
    left = rest;
    if (placed.length === 0) continue;
    bits |= bit;
    fields.push({ start, placed });
  }
  const overload = [option.overload, Uint8Array.of(bits)] as const;
  const options = new Map([...main.placed, ...(bits === 0 ? [] : [overload]), ...last]);
  const lengthBytes = encode({ ...packet, options }, into);
  for (const { start, placed } of fields) write(placed, into, start);
  return { lengthBytes, leftOutCount: left.length };
}

/** Takes as many options as there is room for, in their order. */
function place(options: Options, roomBytes: number): { placed: Options; left: Options } {
  const placed: Options[number][] = [];
  const left: Options[number][] = [];
  let rest = roomBytes;
  for (const each of options) {
    const bytes = bytesOf([each]);
    if (bytes <= rest) {
      placed.push(each);
      rest -= bytes;
    } else left.push(each);
  }
  return { placed, left };
}

function write(options: Options, into: Uint8Array, start: number): void {
  let at = start;
  for (const [number, value] of options) {
    into.set([number, value.length, ...value], at);
    at += 2 + value.length;
  }
  into[at] = option.end;
}

/** What options take, in pieces of 255 bytes. */
function bytesOf(options: Options): number {
  return options.reduce(
    (sum, [, { length }]) => sum + length + 2 * Math.max(1, Math.ceil(length / 255)),
    0,
  );
}
