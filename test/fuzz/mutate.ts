/** Mutations of frames: what a broken wire, a broken host or an attacker might send. */

import { add, finish, pseudoHeaderSum } from "../../src/net/checksum.ts";
import { setWord, word } from "../../src/net/words.ts";
import type { Generator } from "../../src/simulated/generator.ts";

/** Values at which lengths, offsets and counters break. */
const edges = [0, 1, 2, 4, 5, 7, 8, 15, 16, 20, 40, 63, 64, 127, 128, 254, 255];

const ethernetBytes = 14;

/** A changed copy of a frame: 1 to 8 changes, and mostly with checksums that are right again. */
export function mutate(frame: Uint8Array, other: Uint8Array, random: Generator): Uint8Array {
  let bytes: Uint8Array = frame.slice();
  for (let count = 1 + Math.floor(random.fraction() ** 3 * 8); count > 0; count -= 1) {
    bytes = change(bytes, other, random);
  }
  if (random.chance(0.9)) repair(bytes);
  return bytes;
}

function change(bytes: Uint8Array, other: Uint8Array, random: Generator): Uint8Array {
  // Headers are more telling than data, so that most changes are near the front.
  const at = Math.floor(random.fraction() ** (random.chance(0.8) ? 3 : 1) * bytes.length);
  const kind = random.fraction();
  if (kind < 0.3) {
    bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
  } else if (kind < 0.5) {
    bytes[at] = random.below(256);
  } else if (kind < 0.8) {
    bytes[at] = edges[random.below(edges.length)] ?? 0;
  } else if (kind < 0.85) {
    return bytes.slice(0, Math.max(ethernetBytes, at));
  } else if (kind < 0.9) {
    const longer = new Uint8Array(Math.min(1514, bytes.length + random.below(64)));
    longer.set(bytes);
    return longer;
  } else {
    // The front of one frame with the end of another.
    const spliced = Uint8Array.from([...bytes.subarray(0, at), ...other.subarray(at)]);
    return spliced.length < ethernetBytes ? bytes : spliced.subarray(0, 1514);
  }
  return bytes;
}

/** Makes the checksums of IP and of what it carries right, as far as the headers make sense. */
export function repair(frame: Uint8Array): void {
  const etherType = word(frame, 12);
  const packet = frame.subarray(ethernetBytes);
  if (etherType === 0x0800 && packet.length >= 20) repairIpv4(packet);
  if (etherType === 0x86dd && packet.length >= 40) {
    repairPayload(packet.subarray(40), packet.subarray(8, 24), packet.subarray(24, 40), packet[6]);
  }
}

function repairIpv4(packet: Uint8Array): void {
  const start = ((packet[0] ?? 0) & 15) * 4;
  if (start < 20 || start > packet.length) return;
  setWord(packet, 10, 0);
  setWord(packet, 10, finish(add(packet.subarray(0, start))));
  const length = word(packet, 2);
  if (length < start || length > packet.length) return;
  const payload = packet.subarray(start, length);
  repairPayload(payload, packet.subarray(12, 16), packet.subarray(16, 20), packet[9]);
}

function repairPayload(
  payload: Uint8Array,
  source: Uint8Array,
  destination: Uint8Array,
  protocol: number = 0,
): void {
  const at = { 1: 2, 6: 16, 17: 6, 58: 2 }[protocol];
  if (at === undefined || payload.length < at + 2) return;
  setWord(payload, at, 0);
  const isPlain = protocol === 1;
  const pseudo = isPlain ? 0 : pseudoHeaderSum(source, destination, protocol, payload.length);
  setWord(payload, at, finish(add(payload, pseudo)));
}
