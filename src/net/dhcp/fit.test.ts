import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeWithin } from "./fit.ts";
import { decode, option, type DhcpPacket } from "./packet.ts";

const relayAgent = 82;
const number = fc.integer({ min: 1, max: 254 }).filter((each) => each !== option.overload);
const options = fc
  .uniqueArray(fc.tuple(number, fc.uint8Array({ maxLength: 300 })), {
    selector: ([each]) => each,
    maxLength: 12,
  })
  .map((entries) => new Map(entries))
  .filter((map) => (map.get(relayAgent)?.length ?? 0) < 250);

function packetWith(options: ReadonlyMap<number, Uint8Array>): DhcpPacket {
  const none = new Uint8Array(4);
  const addresses = { ciaddr: none, yiaddr: none, giaddr: none };
  return { op: 2, xid: 7, secs: 0, flags: 0, chaddr: new Uint8Array(6), options, ...addresses };
}

test("encodeWithin() keeps to the limit, and what is read is a part of what was written", () => {
  fc.assert(
    fc.property(options, fc.integer({ min: 548, max: 1472 }), (options, limitBytes) => {
      const into = new Uint8Array(1500);
      const written = encodeWithin(packetWith(options), into, limitBytes);
      expect(written.lengthBytes).toBeLessThanOrEqual(limitBytes);
      const read = decode(into.subarray(0, written.lengthBytes))?.options ?? new Map();
      const { overload } = option;
      for (const [number, value] of read) {
        if (number !== overload) expect(options.get(number)).toEqual(value);
      }
      const count = read.size - (read.has(overload) ? 1 : 0);
      expect(count).toBe(options.size - written.leftOutCount);
      if (options.has(relayAgent)) expect(read.has(relayAgent)).toBe(true);
    }),
  );
});

test("encodeWithin() fills the options first, then the field for a file, then that for a name", () => {
  const options = new Map([
    [224, new Uint8Array(290)],
    [225, new Uint8Array(120)],
    [226, new Uint8Array(60)],
    [227, new Uint8Array(60)],
  ]);
  const into = new Uint8Array(1500);
  const { lengthBytes, leftOutCount } = encodeWithin(packetWith(options), into, 548);
  expect(leftOutCount).toBe(1);
  expect([into[108], into[44]]).toEqual([225, 226]);
  const read = decode(into.subarray(0, lengthBytes))?.options;
  expect(read?.get(option.overload)).toEqual(Uint8Array.of(3));
  expect([...(read?.keys() ?? [])]).toEqual([224, option.overload, 225, 226]);
});
