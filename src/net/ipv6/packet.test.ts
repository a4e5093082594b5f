import fc from "fast-check";
import { expect, test } from "vitest";
import { isSameAddress } from "../prefix.ts";
import { keyOf, parse, scopeOf } from "./address.ts";
import { follow } from "./extension-headers.ts";
import * as fragmentHeader from "./fragment-header.ts";
import { macOf, solicitedNode } from "./groups.ts";
import { isIntact, seal } from "./icmp-message.ts";
import { decode, encode } from "./packet.ts";

const byte = fc.nat(255);
const bytes = (length: number): fc.Arbitrary<Uint8Array> =>
  fc.uint8Array({ minLength: length, maxLength: length });

test("decode() gives back what encode() wrote, with padding after it", () => {
  const packets = fc.record({
    trafficClass: byte,
    flowLabel: fc.nat(0xfffff),
    nextHeader: byte,
    hopLimit: byte,
    source: bytes(16),
    destination: bytes(16),
    payload: fc.uint8Array({ maxLength: 100 }),
  });
  fc.assert(
    fc.property(packets, fc.nat(20), (packet, padding) => {
      const room = new Uint8Array(40 + packet.payload.length + padding);
      expect(encode(packet, room)).toBe(40 + packet.payload.length);
      expect(decode(room)).toEqual(packet);
    }),
  );
});

test("decode() is undefined for what is cut off or of another version", () => {
  const room = new Uint8Array(48);
  const address = new Uint8Array(16);
  const header = { trafficClass: 0, flowLabel: 0, nextHeader: 59, hopLimit: 1 };
  encode({ ...header, source: address, destination: address, payload: new Uint8Array(8) }, room);
  expect(decode(room.subarray(0, 47))).toBeUndefined();
  expect(decode(room.subarray(0, 39))).toBeUndefined();
  room[0] = 0x40;
  expect(decode(room)).toBeUndefined();
});

test("fragment headers are decoded as they were encoded", () => {
  const headers = fc.record({
    nextHeader: byte,
    fragmentOffset: fc.nat(8191).map((units) => 8 * units),
    hasMore: fc.boolean(),
    identification: fc.nat(0xffffffff),
  });
  fc.assert(
    fc.property(headers, (header) => {
      const room = new Uint8Array(8);
      expect(fragmentHeader.encode(header, room)).toBe(8);
      expect(fragmentHeader.decode(room)).toEqual(header);
    }),
  );
  expect(fragmentHeader.decode(new Uint8Array(7))).toBeUndefined();
});

test("seal() makes a message intact, and a changed one is not", () => {
  const addresses = fc.tuple(bytes(16), bytes(16));
  fc.assert(
    fc.property(addresses, fc.uint8Array({ minLength: 8 }), ([source, destination], message) => {
      seal(message, source, destination);
      expect(isIntact(message, source, destination)).toBe(true);
      message[4] = (message[4] ?? 0) ^ 1;
      expect(isIntact(message, source, destination)).toBe(false);
    }),
  );
});

test("keyOf() tells addresses apart, and scopeOf() how far they reach", () => {
  fc.assert(
    fc.property(bytes(16), bytes(16), (a, b) => {
      expect(keyOf(a) === keyOf(b)).toBe(isSameAddress(a, b));
      expect(keyOf(a)).toBe(keyOf(a.slice()));
    }),
  );
  const scopes = ["ff01::1", "ff02::1", "ff05::2", "fe80::1", "::1", "2001:db8::1", "fd00::1"];
  expect(scopes.map((text) => scopeOf(parse(text) ?? new Uint8Array()))).toEqual([
    1, 2, 5, 2, 2, 14, 14,
  ]);
});

test("solicitedNode() and macOf() derive groups", () => {
  const group = solicitedNode(parse("2001:db8::1:2345:6789") ?? new Uint8Array());
  expect(group).toEqual(parse("ff02::1:ff45:6789"));
  expect(macOf(group)).toEqual(Uint8Array.of(0x33, 0x33, 0xff, 0x45, 0x67, 0x89));
});

/** A packet of headers, each given by its bytes. */
function chain(first: number, ...headers: readonly (readonly number[])[]): Uint8Array {
  const payload = Uint8Array.from(headers.flat());
  const room = new Uint8Array(40 + payload.length);
  const address = new Uint8Array(16).fill(1);
  const header = { trafficClass: 0, flowLabel: 0, nextHeader: first, hopLimit: 1 };
  encode({ ...header, source: address, destination: address, payload }, room);
  return room;
}

const pad = [1, 4, 0, 0, 0, 0];

test.each([
  ["a protocol", chain(17, [1]), { end: "protocol", protocol: 17, at: 40, nextHeaderAt: 6 }],
  [
    "what follows options and a route at its end",
    chain(0, [60, 0, ...pad], [43, 0, ...pad], [6, 0, 0, 0, 0, 0, 0, 0]),
    { end: "protocol", protocol: 6, at: 64, nextHeaderAt: 56 },
  ],
  ["a fragment", chain(60, [44, 0, ...pad]), { end: "fragment", at: 48, nextHeaderAt: 40 }],
  ["nothing", chain(59, [1, 2, 3]), { end: "none" }],
  [
    "hop-by-hop options that come late",
    chain(60, [0, 0, ...pad], [6, 0, ...pad]),
    { end: "problem", reason: "protocol", at: 40 },
  ],
  [
    "a route that is not at its end",
    chain(43, [6, 0, 0, 1, 0, 0, 0, 0]),
    { end: "problem", reason: "header", at: 42 },
  ],
  [
    "an option to be skipped",
    chain(60, [6, 0, 0x1e, 4, 0, 0, 0, 0]),
    { end: "protocol", protocol: 6, at: 48, nextHeaderAt: 40 },
  ],
  ["an option to be dropped for", chain(60, [6, 0, 0x4e, 4, 0, 0, 0, 0]), { end: "none" }],
  [
    "an option to be reported",
    chain(60, [6, 0, 0, 0, 0x8e, 2, 0, 0]),
    { end: "problem", reason: "option", at: 44 },
  ],
  ["an option that is too long", chain(60, [6, 0, 1, 5, 0, 0, 0, 0]), { end: "none" }],
  ["options that are cut off", chain(60, [6, 1, ...pad]), { end: "none" }],
  [
    "too many headers",
    chain(60, ...Array.from({ length: 9 }, () => [60, 0, ...pad])),
    { end: "none" },
  ],
])("follow() leads to %s", (_, packet, end) => {
  expect(follow(packet, false)).toEqual(end);
});

test("follow() reports an option to the sender to a group only if the option says so", () => {
  const option = (type: number): Uint8Array => chain(60, [6, 0, type, 4, 0, 0, 0, 0]);
  expect(follow(option(0x8e), true)).toMatchObject({ reason: "option" });
  expect(follow(option(0xce), false)).toMatchObject({ reason: "option" });
  expect(follow(option(0xce), true)).toEqual({ end: "none" });
});

test("follow() ends on any bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (noise, isToGroup) => {
      expect(follow(noise, isToGroup)).toHaveProperty("end");
      decode(noise);
    }),
  );
});
