/** The MAC address of a unikernel's interface: configured, or picked at random. */

import type { Random } from "../devices/index.ts";
import type { ArgumentValue } from "./arguments.ts";

/**
 * Reads six hexadecimal bytes with colons, or picks a locally administered unicast address
 * (IEEE 802, 8.2: second-lowest bit of the first byte set, lowest clear). The result is *fresh*.
 *
 * @throws {TypeError} if `text` is not an address, or not one that an interface can have
 */
export function macAddressFrom(text: ArgumentValue, random: Random): Uint8Array {
  if (text === undefined) {
    const mac = random.fill(new Uint8Array(6));
    mac[0] = ((mac[0] ?? 0) & 0b1111_1100) | 0b10;
    return mac;
  }
  if (typeof text !== "string" || !/^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/i.test(text)) {
    throw new TypeError(
      `Cannot use "${text}" as a MAC address: six bytes such as 02:00:00:00:00:01`,
    );
  }
  const mac = Uint8Array.from(text.split(":"), (byte) => Number.parseInt(byte, 16));
  if (((mac[0] ?? 0) & 1) === 1) {
    throw new TypeError(`Cannot use "${text}" as a MAC address: it is the address of a group`);
  }
  if (mac.every((byte) => byte === 0)) {
    throw new TypeError(`Cannot use "${text}" as a MAC address: it is nobody's`);
  }
  return mac;
}
