/** Whether somebody answers at an address, asked before it is offered (RFC 2131, 3.1, 2). */

import type { Icmp } from "../../devices/index.ts";

/** The most that are under way: who asks for many addresses must not make us ask for them all. */
const maxProbes = 16;

export class Probes {
  readonly #icmp: Icmp | undefined;
  readonly #timeoutMs: number;
  #count = 0;

  /** Without `icmp`, or with no time to wait, nobody is asked. */
  constructor(icmp: Icmp | undefined, timeoutMs: number) {
    this.#icmp = icmp;
    this.#timeoutMs = timeoutMs;
  }

  /** Resolves to what was found; never rejects. `unknown` if there was no asking. */
  async probe(address: string): Promise<"free" | "used" | "unknown"> {
    if (this.#icmp === undefined || this.#timeoutMs === 0 || this.#count >= maxProbes) {
      return "unknown";
    }
    this.#count += 1;
    try {
      await this.#icmp.echo(address, { timeoutMs: this.#timeoutMs });
      return "used";
    } catch {
      // No answer in time, no route, or a stack that is going away.
      return "free";
    } finally {
      this.#count -= 1;
    }
  }
}
