/** An address of the link that nobody gives: one is picked and claimed (RFC 3927). */

import { ProtocolError } from "../../devices/errors.ts";
import type { Random } from "../../devices/index.ts";
import { isSameAddress } from "../prefix.ts";
import { type Timer, type Timers } from "../timers.ts";
import type { Ipv4 } from "./ipv4.ts";

/** What an address is picked for. */
export interface LinkLocalOptions {
  readonly ipv4: Pick<Ipv4, "configure" | "deconfigure" | "onConflict">;
  /** Ours, 6 bytes: it decides what is tried first, so that a host has one address again. */
  readonly mac: Uint8Array;
  readonly random: Random;
  readonly timers: Timers;
}

const prefixLength = 16;

/** After so many conflicts, one try a minute (RFC 3927, 9). */
const maxConflicts = 10;
const rateLimitMs = 60_000;

/** Keeps an address of 169.254.0.0/16 configured from {@link LinkLocal.start} on. */
export class LinkLocal {
  readonly #options: LinkLocalOptions;
  readonly #timer: Timer;
  readonly #stopConflicts: () => void;
  /** What is claimed or used. */
  #address: Uint8Array | undefined;
  #conflictCount = 0;

  constructor(options: LinkLocalOptions) {
    this.#options = options;
    this.#timer = options.timers.timer(() => void this.#claim());
    this.#stopConflicts = options.ipv4.onConflict((lost) => {
      if (this.#address !== undefined && isSameAddress(lost, this.#address)) this.#tryAnother();
    });
  }

  /** Looks for an address after `delayMs`, unless there is one already. */
  start(delayMs: number): void {
    if (this.#address === undefined) this.#timer.set(this.#options.timers.nowMs() + delayMs);
  }

  /** Gives the address up. */
  stop(): void {
    this.#timer.clear();
    if (this.#address !== undefined) this.#options.ipv4.deconfigure(this.#address);
    this.#address = undefined;
  }

  /** Gives the address up for good. */
  dispose(): void {
    this.#stopConflicts();
    this.stop();
  }

  async #claim(): Promise<void> {
    const address = this.#pick();
    this.#address = address;
    try {
      await this.#options.ipv4.configure({ address, prefixLength });
    } catch (error) {
      const isConflict = error instanceof ProtocolError && error.code === "address-conflict";
      if (isConflict && address === this.#address) this.#tryAnother();
    }
  }

  #tryAnother(): void {
    this.#address = undefined;
    this.#conflictCount += 1;
    this.start(this.#conflictCount < maxConflicts ? 0 : rateLimitMs);
  }

  /** One of 169.254.1.0 to 169.254.254.255; the rest is reserved (RFC 3927, 2.1). */
  #pick(): Uint8Array {
    const { mac, random } = this.#options;
    const [, , , , high = 0, low = 0] = mac;
    const number = this.#conflictCount === 0 ? (high << 8) | low : random.uint32();
    return Uint8Array.of(169, 254, 1 + (((number >> 8) & 0xff) % 254), number & 0xff);
  }
}
