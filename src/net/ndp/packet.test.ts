import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeDnsServers,
  decodePrefix,
  decodeSearchDomains,
  encodeDnsServers,
  encodePrefix,
  encodeSearchDomains,
  macIn,
  type NdpOption,
} from "./options.ts";
import { decode, encode, type NdpPacket } from "./packet.ts";

const byte = fc.nat(255);
const long = fc.nat(0xffffffff);
const address = fc.uint8Array({ minLength: 16, maxLength: 16 });
const options: fc.Arbitrary<readonly NdpOption[]> = fc.array(
  fc.record({
    type: byte,
    body: fc
      .nat(3)
      .chain((units) => fc.uint8Array({ minLength: 6 + 8 * units, maxLength: 6 + 8 * units })),
  }),
  { maxLength: 4 },
);

const packets: fc.Arbitrary<NdpPacket> = fc.oneof(
  fc.record({ type: fc.constant(133 as const), options }),
  fc.record({
    type: fc.constant(134 as const),
    hopLimit: byte,
    flags: byte,
    routerLifetimeS: fc.nat(65_535),
    reachableMs: long,
    retransmitMs: long,
    options,
  }),
  fc.record({ type: fc.constant(135 as const), target: address, options }),
  fc.record({
    type: fc.constant(136 as const),
    isRouter: fc.boolean(),
    isSolicited: fc.boolean(),
    isOverride: fc.boolean(),
    target: address,
    options,
  }),
  fc.record({ type: fc.constant(137 as const), target: address, destination: address, options }),
);

test("decode() gives back what encode() wrote", () => {
  fc.assert(
    fc.property(packets, (packet) => {
      const room = new Uint8Array(300).fill(0xaa);
      const length = encode(packet, room);
      expect(decode(room.subarray(0, length))).toEqual(packet);
      expect(decode(room.subarray(0, length - 1))).toBeUndefined();
    }),
  );
});

test("decode() never throws, and refuses a code that is not 0 and an option of no length", () => {
  const prefix = fc.constantFrom(133, 134, 135, 136, 137);
  fc.assert(
    fc.property(prefix, fc.uint8Array({ maxLength: 80 }), (type, noise) => {
      noise[0] = type;
      const packet = decode(noise);
      if (packet !== undefined) expect(noise[1]).toBe(0);
    }),
  );
  const solicitation = new Uint8Array(16);
  solicitation[0] = 133;
  expect(decode(solicitation)).toBeUndefined();
  solicitation[9] = 1;
  expect(decode(solicitation)).toBeDefined();
  solicitation[1] = 1;
  expect(decode(solicitation)).toBeUndefined();
});

test("options of routers are decoded as they were encoded", () => {
  const information = fc.record({
    length: fc.nat(128),
    isOnLink: fc.boolean(),
    isAutonomous: fc.boolean(),
    validLifetimeS: long,
    preferredLifetimeS: long,
    prefix: address,
  });
  const label = fc.stringMatching(/^[a-z][a-z0-9-]{0,62}$/);
  const name = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join("."));
  fc.assert(
    fc.property(
      information,
      long,
      fc.array(address, { maxLength: 3 }),
      fc.array(name, { maxLength: 3 }),
      (prefix, lifetimeS, servers, domains) => {
        expect(decodePrefix(encodePrefix(prefix).body)).toEqual(prefix);
        const dnsServers = { lifetimeS, items: servers };
        expect(decodeDnsServers(encodeDnsServers(dnsServers).body)).toEqual(dnsServers);
        const searchDomains = { lifetimeS, items: domains };
        const { body } = encodeSearchDomains(searchDomains);
        expect((body.length + 2) % 8).toBe(0);
        expect(decodeSearchDomains(body)).toEqual(searchDomains);
      },
    ),
  );
});

test("options of routers that make no sense are read without throwing", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
      decodePrefix(noise);
      expect(decodeDnsServers(noise).items.every((item) => item.length === 16)).toBe(true);
      expect(decodeSearchDomains(noise).items.every((item) => /^[\w.-]+$/.test(item))).toBe(true);
    }),
  );
  const tooLong = encodePrefix({
    length: 129,
    isOnLink: true,
    isAutonomous: true,
    validLifetimeS: 1,
    preferredLifetimeS: 1,
    prefix: new Uint8Array(16),
  });
  expect(decodePrefix(tooLong.body)).toBeUndefined();
});

test("macIn() takes no group for somebody's address", () => {
  const body = Uint8Array.of(2, 0, 0, 0, 0, 1);
  expect(macIn([{ type: 1, body }], 1)).toEqual(body);
  expect(macIn([{ type: 1, body }], 2)).toBeUndefined();
  expect(macIn([{ type: 1, body: Uint8Array.of(3, 0, 0, 0, 0, 1) }], 1)).toBeUndefined();
});
