/** Puts packets on a link, and first does what the link needs of them: checksums, and cutting. */

import { NetworkError } from "../../devices/errors.ts";
import type { Ethernet, FrameOffload, FrameWriter } from "../../devices/index.ts";
import { headerBytes } from "../ethernet/packet.ts";
import { Segmenter } from "../ethernet/segmentation.ts";
import { setWord } from "../words.ts";

export class FrameOutput {
  readonly #ethernet: Ethernet;
  readonly #segmenter = new Segmenter();
  #packet: Uint8Array = new Uint8Array();
  readonly #copy: FrameWriter = (into) => {
    into.set(this.#packet);
    return this.#packet.length;
  };

  constructor(ethernet: Ethernet) {
    this.#ethernet = ethernet;
  }

  /** Sends a packet, *borrowed*, that left undone what `offload` says; false if it cannot. */
  send(
    etherType: number,
    mac: Uint8Array,
    bytes: Uint8Array,
    offload: FrameOffload | undefined,
  ): boolean {
    const { checksum, segmentationBytes } = this.#ethernet.offloads;
    const { checksumOmitted = false, segmentBytes = 0 } = offload ?? {};
    const isUndone = checksumOmitted || segmentBytes > 0;
    const mayLeave =
      (checksum || !checksumOmitted) &&
      (segmentBytes === 0 || headerBytes + bytes.length <= segmentationBytes);
    try {
      if (offload !== undefined && isUndone && !mayLeave) {
        return this.#finish(etherType, mac, bytes, offload);
      }
      this.#packet = bytes;
      this.#ethernet.write(
        mac,
        etherType,
        bytes.length,
        this.#copy,
        isUndone ? offload : undefined,
      );
      return true;
    } catch (error) {
      if (!(error instanceof NetworkError)) throw error;
      return false;
    }
  }

  #finish(etherType: number, mac: Uint8Array, bytes: Uint8Array, offload: FrameOffload): boolean {
    const frame = new Uint8Array(headerBytes + bytes.length);
    setWord(frame, 12, etherType);
    frame.set(bytes, headerBytes);
    return this.#segmenter.finish(frame, offload, (sizeBytes, fill) => {
      const room = new Uint8Array(sizeBytes);
      this.#packet = room.subarray(headerBytes, fill(room));
      this.#ethernet.write(mac, etherType, this.#packet.length, this.#copy);
    });
  }
}
