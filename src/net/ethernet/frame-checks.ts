/** What a frame must be like to be sent, as {@link Network.write} promises. */

import { NetworkError } from "../../devices/errors.ts";
import type { FrameOffload, Network } from "../../devices/index.ts";
import { headerBytes } from "./packet.ts";

/**
 * Checks what is known of a frame before it is written.
 *
 * @throws as {@link Network.write}
 */
export function checkFrame(
  { mtu, offloads: { checksum, segmentationBytes } }: Pick<Network, "mtu" | "offloads">,
  sizeBytes: number,
  offload: FrameOffload | undefined,
): void {
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0) {
    throw new RangeError(`Cannot send a frame of ${sizeBytes} bytes`);
  }
  const isSegment = offload !== undefined && offload.segmentBytes > 0;
  const plainBytes = mtu + headerBytes;
  const maxBytes = isSegment ? Math.max(plainBytes, segmentationBytes) : plainBytes;
  if (sizeBytes > maxBytes) {
    const message = `Cannot send a frame of ${sizeBytes} bytes: this link takes ${maxBytes}`;
    throw new NetworkError("frame-too-long", message);
  }
  checkLongEnough(sizeBytes);
  if ((offload?.checksumOmitted === true && !checksum) || (isSegment && segmentationBytes === 0)) {
    throw new TypeError("Cannot send a frame that leaves undone what this link needs");
  }
}

/**
 * Checks how many bytes of a frame's room were filled.
 *
 * @throws as {@link Network.write}
 */
export function checkFilled(length: number, sizeBytes: number): void {
  if (!(length <= sizeBytes)) {
    throw new RangeError(`Cannot send a frame: ${length} bytes were written into ${sizeBytes}`);
  }
  checkLongEnough(length);
}

function checkLongEnough(length: number): void {
  if (length >= headerBytes) return;
  const message = `Cannot send a frame of ${length} bytes: an Ethernet header has 14`;
  throw new NetworkError("frame-too-short", message);
}
