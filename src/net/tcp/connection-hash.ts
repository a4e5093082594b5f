import type { Random } from "../../devices/index.ts";
import { sipHash } from "./sip-hash.ts";

/** A hash of a connection's addresses and ports under a secret of its own. */
export class ConnectionHash {
  readonly #key: Uint32Array = new Uint32Array(4);
  readonly #message = new Uint8Array(44);
  readonly #hash = new Uint32Array(2);

  constructor(random: Random) {
    for (let index = 0; index < 4; index += 1) this.#key[index] = random.uint32();
  }

  /**
   * An unsigned 32-bit integer for these addresses (*borrowed*, both of 4 or both of 16 bytes),
   * ports, and two more 32-bit words.
   */
  of(
    local: Uint8Array,
    localPort: number,
    remote: Uint8Array,
    remotePort: number,
    first = 0,
    second = 0,
  ): number {
    const message = this.#message;
    message.set(local, 12);
    message.set(remote, 12 + local.length);
    this.#setWord(0, (localPort << 16) | remotePort);
    this.#setWord(4, first);
    this.#setWord(8, second);
    const length = 12 + local.length + remote.length;
    return sipHash(this.#key, message.subarray(0, length), this.#hash);
  }

  #setWord(at: number, value: number): void {
    for (let index = 0; index < 4; index += 1) this.#message[at + index] = value >> (8 * index);
  }
}
