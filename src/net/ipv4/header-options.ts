/**
 * Options in IPv4 headers, where more is wanted than to pass over them (RFC 791, 3.1; RFC 1122,
 * 3.2.1.8): what a user sends, source routes, and what an echo reply brings back.
 *
 *     +--------+--------+--------+---------//--------+
 *     |  Type  | Length | Pointer|  Addresses, times |     Pointer: where the next goes, from 1;
 *     +--------+--------+--------+---------//--------+     beyond the length the option is full
 *
 * A stack has this if it is connected with {@link headerOptions}. It is not by default: a source
 * route lets others pretend to be anybody (RFC 7126, 4.3 and 4.4).
 */

import type { ReceivedPacket } from "../../devices/index.ts";
import { isSameAddress } from "../prefix.ts";

/** What is done with options; arrays are *borrowed*, and those that are given back are *fresh*. */
export interface HeaderOptions {
  /** Where an option is whose length cannot be, in bytes; `undefined` if none is. */
  flawIn(options: Uint8Array): number | undefined;

  /** Whether a packet with these options is at the end of its source route, or has none. */
  isAtEnd(options: Uint8Array): boolean;

  /**
   * The options of a packet to `destination`, and where it goes first. A source route that is given
   * holds the gateways in their order; in the packet, the first stands for the destination.
   *
   * @throws {RangeError} if they are none that a header can have
   */
  depart(
    options: Uint8Array,
    destination: Uint8Array,
  ): { readonly options: Uint8Array; readonly firstHop: Uint8Array };

  /** Those of `options` that every fragment has: their highest bit is set. */
  copied(options: Uint8Array): Uint8Array;

  /**
   * What an answer to a packet has, if anything: the source route backwards, in the form that
   * {@link HeaderOptions.depart} takes. With the time it is the answer to an echo, in which routes
   * and times that are recorded go on.
   */
  reply(packet: ReceivedPacket, wallMs: number | undefined): Uint8Array | undefined;
}

const type = {
  end: 0,
  noOperation: 1,
  recordRoute: 7,
  timestamp: 68,
  looseSourceRoute: 131,
  strictSourceRoute: 137,
} as const;

const maxBytes = 40;

/** Where in an option with a pointer its first address is. */
const firstAddress = 3;

const copiedFlag = 0x80;

const none = new Uint8Array();

/** Makes the option that leads a packet through `gateways` (4 bytes each), one to nine. */
export function sourceRoute(
  gateways: readonly Uint8Array[],
  isStrict: boolean = false,
): Uint8Array {
  return join([routeOf(gateways, isStrict ? type.strictSourceRoute : type.looseSourceRoute)]);
}

/** For who connects IPv4. */
export const headerOptions: HeaderOptions = {
  flawIn(options) {
    const last = optionsIn(options).at(-1);
    let at = last === undefined ? 0 : last.byteOffset - options.byteOffset + last.length;
    while (options[at] === type.noOperation) at += 1;
    return (options[at] ?? type.end) === type.end ? undefined : at;
  },

  isAtEnd(options) {
    const routes = optionsIn(options).filter(isSourceRoute);
    return routes.length < 2 && routes.every((route) => (route[2] ?? 0) > route.length);
  },

  depart(options, destination) {
    if (options.length > maxBytes || options.length % 4 !== 0) {
      const why = `they are whole words, up to ${maxBytes} bytes`;
      throw new RangeError(`Cannot send ${options.length} bytes of options: ${why}`);
    }
    const leaving = options.slice();
    const [route, another] = optionsIn(leaving).filter(isSourceRoute);
    if (another !== undefined) throw new RangeError("Cannot send two source routes in one header");
    if (route === undefined || route.length < 7) return { options: leaving, firstHop: destination };
    const firstHop = route.slice(firstAddress, 7);
    route.copyWithin(firstAddress, 7);
    route.set(destination, route.length - 4);
    return { options: leaving, firstHop };
  },

  copied: (options) => join(optionsIn(options).filter(([kind = 0]) => (kind & copiedFlag) !== 0)),

  reply({ ipOptions, source, destination }, wallMs) {
    const answered = optionsIn(ipOptions ?? none).flatMap((each) => {
      if (isSourceRoute(each)) return backwards(each, source);
      if (wallMs === undefined) return [];
      const option = each.slice();
      if (option[0] === type.recordRoute) return [record(option, destination)];
      if (option[0] === type.timestamp) return [stamp(option, destination, wallMs)];
      return [];
    });
    return answered.length === 0 ? undefined : join(answered);
  },
};

/** Views of all options, without those that fill; what follows one that makes no sense is none. */
function optionsIn(options: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < options.length && options[at] !== type.end;) {
    const length = options[at] === type.noOperation ? 1 : (options[at + 1] ?? 0);
    if (length === 0 || at + length > options.length) break;
    if (length > 1) found.push(options.subarray(at, at + length));
    at += length;
  }
  return found;
}

function isSourceRoute([kind]: Uint8Array): boolean {
  return kind === type.looseSourceRoute || kind === type.strictSourceRoute;
}

function routeOf(gateways: readonly Uint8Array[], kind: number): Uint8Array {
  const option = new Uint8Array(firstAddress + 4 * gateways.length);
  option.set([kind, option.length, firstAddress + 1]);
  for (const [index, gateway] of gateways.entries()) option.set(gateway, firstAddress + 4 * index);
  return option;
}

/** The route back; one that begins with its source does not end with it twice (RFC 1122, 3.2.1.8). */
function backwards(route: Uint8Array, source: Uint8Array): Uint8Array[] {
  const gateways: Uint8Array[] = [];
  for (let at = firstAddress; at + 4 <= route.length; at += 4) {
    const gateway = route.subarray(at, at + 4);
    if (at > firstAddress || !isSameAddress(gateway, source)) gateways.unshift(gateway);
  }
  return gateways.length === 0 ? [] : [routeOf(gateways, route[0] ?? 0)];
}

/** Adds our address, if there is room. */
function record(option: Uint8Array, own: Uint8Array): Uint8Array {
  const pointer = option[2] ?? 0;
  if (pointer < 4 || pointer + 3 > option.length) return option;
  option.set(own, pointer - 1);
  option[2] = pointer + 4;
  return option;
}

/**
 * Adds the time, as the flag says: alone (0), with our address (1), or where our address stands
 * already (3); or counts that there was no room.
 */
function stamp(option: Uint8Array, own: Uint8Array, wallMs: number): Uint8Array {
  const [, , pointer = 0, overflowAndFlag = 0] = option;
  const flag = overflowAndFlag & 15;
  const timeAt = pointer - 1 + (flag === 0 ? 0 : 4);
  if (pointer < 5) return option;
  if (timeAt + 4 > option.length) {
    if (overflowAndFlag < 0xf0 && flag !== 3) option[3] = overflowAndFlag + 0x10;
    return option;
  }
  if (flag === 3 && !isSameAddress(option.subarray(pointer - 1, timeAt), own)) return option;
  if (flag === 1) option.set(own, pointer - 1);
  new DataView(option.buffer, option.byteOffset).setUint32(timeAt, wallMs % 86_400_000);
  option[2] = timeAt + 5;
  return option;
}

/** Puts options behind one another, and fills the last word. */
function join(options: readonly Uint8Array[]): Uint8Array {
  const bytes = options.reduce((sum, { length }) => sum + length, 0);
  const joined = new Uint8Array(Math.ceil(bytes / 4) * 4);
  let at = 0;
  for (const option of options) {
    joined.set(option, at);
    at += option.length;
  }
  return joined;
}
