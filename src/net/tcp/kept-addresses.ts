/** Addresses that connections keep: one copy for many, since most are of a few hosts. */

import { isSameAddress } from "../prefix.ts";

/** Enough for the hosts that speak at one time, few enough to look through. */
const count = 8;

/** The addresses that were kept last. */
export class KeptAddresses {
  readonly #recent: Uint8Array[] = [];
  #next = 0;

  /** A copy of an address (*borrowed*) that nobody changes, perhaps given to others before. */
  keep(address: Uint8Array): Uint8Array {
    for (const each of this.#recent) if (isSameAddress(each, address)) return each;
    const copy = address.slice();
    this.#recent[this.#next] = copy;
    this.#next = (this.#next + 1) % count;
    return copy;
  }
}
