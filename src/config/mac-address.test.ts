import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Random } from "../devices/index.ts";
import { SimulatedRandom } from "../simulated/random.ts";
import { macAddressFrom } from "./mac-address.ts";

const random: Random = new SimulatedRandom(1, "mac");

describe("macAddressFrom()", () => {
  test("picks an address of one host, of local significance, and another each time", () => {
    const picked = Array.from({ length: 100 }, () => macAddressFrom(undefined, random));
    for (const mac of picked) {
      expect(mac.length).toBe(6);
      expect((mac[0] ?? 0) & 0b11).toBe(0b10);
    }
    expect(new Set(picked.map(String)).size).toBe(100);
  });

  test("reads any address of one host, in either case", () => {
    const bytes = fc.uint8Array({ minLength: 6, maxLength: 6 }).filter((mac) => mac.some(Boolean));
    fc.assert(
      fc.property(bytes, fc.boolean(), (mac, upper) => {
        mac[0] = (mac[0] ?? 0) & ~1;
        fc.pre(mac.some((byte) => byte !== 0));
        const text = Array.from(mac, (byte) => byte.toString(16).padStart(2, "0")).join(":");
        expect(macAddressFrom(upper ? text.toUpperCase() : text, random)).toEqual(mac);
      }),
    );
  });

  test.each(["", "02:00:00:00:00", "02:00:00:00:00:01:", "2:0:0:0:0:1", "02-00-00-00-00-01", "0g"])(
    "throws TypeError, for %j",
    (text) => {
      expect(() => macAddressFrom(text, random)).toThrow(
        new TypeError(`Cannot use "${text}" as a MAC address: six bytes such as 02:00:00:00:00:01`),
      );
    },
  );

  test.each([
    ["01:00:5e:00:00:01", "it is the address of a group"],
    ["ff:ff:ff:ff:ff:ff", "it is the address of a group"],
    ["00:00:00:00:00:00", "it is nobody's"],
  ])("throws TypeError, for %s", (text, why) => {
    expect(() => macAddressFrom(text, random)).toThrow(
      new TypeError(`Cannot use "${text}" as a MAC address: ${why}`),
    );
  });
});
