import type { FrameOffload, FrameReceiver, Network } from "../devices/index.ts";
import { bytesEqual, equal, sampleBytes } from "./law.ts";

/** One law's link: `a` sends, `b` hears. */
export interface Link {
  readonly a: Network;
  readonly b: Network;
  readonly settle: () => Promise<void>;
}

/** Bytes of an Ethernet header: two addresses and a type. */
export const headerBytes = 14;

/** The EtherType that IEEE 802 keeps for experiments. */
const experimentalType = 0x88b5;

/** Collects copies of the frames heard from now on. */
export function listen(network: Network): Uint8Array[] {
  const heard: Uint8Array[] = [];
  const receiver: FrameReceiver = { frame: (frame) => void heard.push(frame.slice()) };
  network.listen(receiver);
  return heard;
}

/** Writes a frame as it is. */
export function send(network: Network, frame: Uint8Array, offload?: FrameOffload): void {
  const fill = (into: Uint8Array): number => {
    into.set(frame);
    return frame.length;
  };
  network.write(frame.length, fill, offload);
}

/** An Ethernet frame of `sizeBytes` bytes whose payload differs from that of other seeds. */
export function frameTo(
  to: Uint8Array,
  from: Uint8Array,
  sizeBytes: number,
  seed: number,
): Uint8Array {
  const frame = sampleBytes(sizeBytes, seed);
  frame.set(to, 0);
  frame.set(from, 6);
  new DataView(frame.buffer).setUint16(12, experimentalType);
  return frame;
}

/** Requires the same frames in the same order. */
export function framesEqual(
  what: string,
  actual: readonly Uint8Array[],
  expected: readonly Uint8Array[],
): void {
  equal(`the number of ${what}`, actual.length, expected.length);
  expected.forEach((frame, index) => bytesEqual(`${index} of ${what}`, actual[index], frame));
}
