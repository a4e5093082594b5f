/**
 * Batches of frames, as they travel between threads: in an ArrayBuffer that is transferred, or in
 * shared memory. Behind 2 bytes of padding, each frame has a header of 8 bytes, little-endian, and
 * starts 2 bytes past a 4-byte boundary, so that the payload of Ethernet is aligned:
 *
 *     +------------------+-----------+----------+-------------------+---------- - - -+---------+
 *     | length (4)       | flags (1) | zero (1) | segment bytes (2) | frame          | padding |
 *     +------------------+-----------+----------+-------------------+---------- - - -+---------+
 */

import type { FrameOffload, Offloads } from "../devices/index.ts";

export const ethernetHeaderBytes = 14;

/** Bytes before the first frame's header. */
export const paddingBytes = 2;

/** Bytes of a frame's header. */
export const frameHeaderBytes = 8;

const checksumOmittedFlag = 1;

/** A batch as it was received. */
export interface Batch {
  /** All of it that frames take up. */
  readonly bytes: Uint8Array;
  /** Its frames, views of the same buffer. */
  readonly frames: readonly Uint8Array[];
  /** What each frame left undone; empty where the link offers nothing. */
  readonly offloads: readonly FrameOffload[];
  /** Bytes of all frames. */
  readonly byteCount: number;
  /** Whether it made sense to its end. */
  readonly isWhole: boolean;
}

/** Writes the header of a frame, and returns where the next one has its own. */
export function encodeHeader(
  view: DataView,
  at: number,
  length: number,
  offload: FrameOffload | undefined,
): number {
  view.setUint32(at, length, true);
  view.setUint8(at + 4, offload?.checksumOmitted ? checksumOmittedFlag : 0);
  view.setUint16(at + 6, offload?.segmentBytes ?? 0, true);
  return at + frameHeaderBytes + ((length + 3) & ~3);
}

/** The longest frame that a link takes, header included, if it is to be cut into so much. */
export function maxFrameBytes(mtu: number, offloads: Offloads, segmentBytes: number): number {
  const plainBytes = mtu + ethernetHeaderBytes;
  return segmentBytes > 0 ? Math.max(plainBytes, offloads.segmentationBytes) : plainBytes;
}

/** Finds the frames of a batch; where it makes no sense, the rest of it is left out. */
export function decode(bytes: Uint8Array, mtu: number, offered: Offloads): Batch {
  const { buffer, byteOffset, length: end } = bytes;
  const view = new DataView(buffer, byteOffset, end);
  const isOffering = offered.checksum || offered.segmentationBytes > 0;
  const frames: Uint8Array[] = [];
  const offloads: FrameOffload[] = [];
  let last: FrameOffload = { checksumOmitted: false, segmentBytes: 0 };
  let byteCount = 0;
  let isWhole = true;
  let at = paddingBytes;
  while (at + frameHeaderBytes <= end) {
    const length = view.getUint32(at, true);
    const segmentBytes = view.getUint16(at + 6, true);
    const start = at + frameHeaderBytes;
    const maxBytes = Math.min(end - start, maxFrameBytes(mtu, offered, segmentBytes));
    isWhole = length >= ethernetHeaderBytes && length <= maxBytes;
    if (!isWhole) break;
    frames.push(new Uint8Array(buffer, byteOffset + start, length));
    if (isOffering) {
      const checksumOmitted = (view.getUint8(at + 4) & checksumOmittedFlag) !== 0;
      // Most are like the one before, and need no object of their own.
      if (last.checksumOmitted !== checksumOmitted || last.segmentBytes !== segmentBytes) {
        last = { checksumOmitted, segmentBytes };
      }
      offloads.push(last);
    }
    byteCount += length;
    at = start + ((length + 3) & ~3);
  }
  return { bytes: bytes.subarray(0, at), frames, offloads, byteCount, isWhole };
}
