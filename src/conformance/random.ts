import type { Random } from "../devices/index.ts";
import { deviceLaws } from "./device.ts";
import { bytesEqual, equal, holds, withDevice, type Law } from "./law.ts";

/** What the laws need to know of a driver of {@link Random}. */
export interface RandomSubject {
  /** Connects a generator. The law disposes it. */
  readonly connect: () => Promise<Random>;
}

/** The laws of {@link Random}. A sound generator breaks one less than once in 10¹² runs. */
export function randomLaws({ connect }: RandomSubject): readonly Law[] {
  const law = (name: string, body: (random: Random) => Promise<void>): Law => ({
    name,
    run: () => withDevice(connect, body),
  });
  return [
    ...deviceLaws(connect),
    law("fill() returns the array it was given, of any length and view", returnsItsArgument),
    law("fill() fills the whole array and nothing around it", fillsExactly),
    law("fill() gives every byte, each about as often", givesEveryByte),
    law("fill() gives other bytes, each time", differs),
    law("uint32() gives unsigned 32-bit integers, every bit both ways", givesEveryBit),
  ];
}

async function returnsItsArgument(random: Random): Promise<void> {
  // 65,536 bytes is the most that Web Crypto fills in one call.
  for (const lengthBytes of [0, 1, 3, 4096, 65_536, 65_537, 200_001]) {
    const into = new Uint8Array(lengthBytes);
    equal(`what fill() of ${lengthBytes} bytes returns`, filled(random, into), into);
  }
}

async function fillsExactly(random: Random): Promise<void> {
  for (const lengthBytes of [1, 7, 64, 70_001]) {
    const backing = new Uint8Array(lengthBytes + 8);
    const view = backing.subarray(3, 3 + lengthBytes);
    const seen = new Uint8Array(lengthBytes);
    // A byte stays zero in all 24 fills with a chance of 2⁻¹⁹².
    for (let round = 0; round < 24; round++) {
      filled(random, view).forEach((byte, index) => (seen[index] = (seen[index] ?? 0) | byte));
    }
    equal(`the first byte of ${lengthBytes} that fill() left`, seen.indexOf(0), -1);
    bytesEqual("the bytes before", backing.slice(0, 3), new Uint8Array(3));
    bytesEqual("the bytes after", backing.slice(3 + lengthBytes), new Uint8Array(5));
  }
}

async function givesEveryByte(random: Random): Promise<void> {
  const counts = Array.from({ length: 256 }, () => 0);
  for (const byte of filled(random, new Uint8Array(256 * 1024)))
    counts[byte] = (counts[byte] ?? 0) + 1;
  // Each is expected 1,024 times with a standard deviation of 32; ten of them are 320.
  counts.forEach((count, byte) => {
    holds(`how often byte ${byte} came`, Math.abs(count - 1024) < 320, "about 1024 times", count);
  });
}

async function differs(random: Random): Promise<void> {
  const seen = new Set<string>();
  for (let round = 0; round < 1000; round++) seen.add(filled(random, new Uint8Array(16)).join());
  equal("different fills of 16 bytes in 1000", seen.size, 1000);
}

async function givesEveryBit(random: Random): Promise<void> {
  let ones = 0;
  let zeros = 0;
  for (let round = 0; round < 1000; round++) {
    const value = random.uint32();
    const isUint32 = Number.isInteger(value) && value >= 0 && value < 2 ** 32;
    holds("uint32()", isUint32, "an integer from 0 to 2³² − 1", value);
    ones |= value;
    zeros |= ~value;
  }
  equal("the bits that were ever 1", ones >>> 0, 0xffff_ffff);
  equal("the bits that were ever 0", zeros >>> 0, 0xffff_ffff);
}

/** Fills `into`; the linter takes any other `fill()` for that of an array. */
function filled(random: Random, into: Uint8Array): Uint8Array {
  return random.fill(into);
}
