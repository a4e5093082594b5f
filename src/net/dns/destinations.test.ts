import { expect, test } from "vitest";
import { parseAddress } from "../address.ts";
import { sortDestinations } from "./destinations.ts";

const addresses = ["192.0.2.1", "2001:db8::1", "fd00::1", "fe80::1", "192.0.2.2"];

test.each([
  ["2001:db8::9", "10.0.0.1", ["2001:db8::1", "192.0.2.1", "192.0.2.2", "fd00::1", "fe80::1"]],
  ["fd00::9", "10.0.0.1", ["fd00::1", "192.0.2.1", "192.0.2.2", "2001:db8::1", "fe80::1"]],
  ["fe80::9", "10.0.0.1", ["fe80::1", "192.0.2.1", "192.0.2.2", "2001:db8::1", "fd00::1"]],
  [undefined, "10.0.0.1", ["192.0.2.1", "192.0.2.2", "2001:db8::1", "fd00::1", "fe80::1"]],
  ["2001:db8::9", undefined, ["2001:db8::1", "192.0.2.1", "fd00::1", "fe80::1", "192.0.2.2"]],
])("sortDestinations() from %s and %s", (six, four, expected) => {
  const sourceFor = ({ length }: Uint8Array): Uint8Array | undefined =>
    parseAddress((length === 4 ? four : six) ?? "");
  expect(sortDestinations(addresses, sourceFor)).toEqual(expected);
});
