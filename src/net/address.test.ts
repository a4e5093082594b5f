import fc from "fast-check";
import { expect, test } from "vitest";
import { formatAddress, formatPrefix, parseAddress, parsePrefix } from "./address.ts";

const addresses = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4 }),
  fc.uint8Array({ minLength: 16, maxLength: 16 }),
  // With runs of zeros.
  fc.uint8Array({ minLength: 16, maxLength: 16, max: 1 }),
);

test("parseAddress() reads what formatAddress() wrote", () => {
  fc.assert(
    fc.property(addresses, (address) => {
      expect(parseAddress(formatAddress(address))).toEqual(address);
    }),
  );
});

test("parseAddress() never throws, and reads no noise", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(..."0129af:.%/ ") }), (text) => {
      const address = parseAddress(text);
      if (address !== undefined) expect(parseAddress(formatAddress(address))).toEqual(address);
    }),
  );
  for (const text of [
    "",
    "1.2.3",
    "1.2.3.256",
    "01.2.3.4",
    "1.2.3.4.5",
    ":",
    ":::",
    "1::2::3",
    "12345::",
    "::1%eth0",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1:2:3:4::5:6:7:8",
    "1.2.3.4::",
    "::1.2.3.4:5",
  ]) {
    expect(parseAddress(text), text).toBeUndefined();
  }
});

test("formatAddress() writes as RFC 5952 says", () => {
  for (const [written, expected] of [
    ["2001:0db8:0:0:0:0:2:1", "2001:db8::2:1"],
    ["2001:DB8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["::ffff:192.0.2.1", "::ffff:c000:201"],
    ["0:0:0:0:0:0:0:0", "::"],
    ["1:0:0:0:0:0:0:0", "1::"],
  ] as const) {
    expect(formatAddress(parseAddress(written) ?? new Uint8Array(4))).toBe(expected);
  }
});

test("parsePrefix() reads an address with the length of its prefix", () => {
  expect(parsePrefix("10.0.0.2/24")).toEqual({ address: Uint8Array.of(10, 0, 0, 2), length: 24 });
  expect(parsePrefix("fd00::2/64")?.length).toBe(64);
  for (const text of ["10.0.0.2", "10.0.0.2/33", "10.0.0.2/", "fd00::/129", "/8", "1.2.3.4/1/2"]) {
    expect(parsePrefix(text), text).toBeUndefined();
  }
  const prefix = { address: Uint8Array.of(10, 0, 0, 2), length: 8 };
  expect(formatPrefix(prefix)).toBe("10.0.0.2/8");
});
