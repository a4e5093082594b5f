/** Node's cryptographic random bytes. */

import { randomFillSync } from "node:crypto";
import type { Random } from "../devices/index.ts";

/** Connects to the process's random generator. */
export function connect(): Random {
  // One call for many integers: a call costs far more than four bytes.
  const pool = new Uint32Array(256);
  let left = 0;
  const counters = { bytes: 0 };
  return {
    counters,
    fill(into) {
      counters.bytes += into.length;
      return randomFillSync(into);
    },
    uint32() {
      counters.bytes += 4;
      if (left === 0) {
        randomFillSync(pool);
        left = pool.length;
      }
      left -= 1;
      return pool[left] ?? 0;
    },
    [Symbol.asyncDispose]: async () => {},
  };
}
