/**
 * The addresses that are ours, or shall be: each is probed for, announced and defended (RFC 5227).
 *
 *     claim ──► probing ──(nobody has it)──► held ──(conflict twice in 10 s, not fixed)──► lost
 *                  └──(conflict)──► refused
 *
 * A fixed address, one that a person configured, is used while it is still probed for, and kept for
 * good afterwards, whatever others say (RFC 5227, 2.4 (c)); otherwise two forged packets would take
 * a server off its network. Others are given up to whoever insists (2.4 (b)).
 */

import { ProtocolError } from "../../devices/errors.ts";
import type { Random } from "../../devices/index.ts";
import { format, toNumber } from "../ipv4/address.ts";
import { fraction } from "../random.ts";
import type { Timer, Timers } from "../timers.ts";

/** The constants of RFC 5227, 1.1. It lets links that are faster than its own have others. */
export interface ClaimTiming {
  /** The longest wait before the first probe; 1,000 by default. */
  readonly probeWaitMs?: number;
  /** Probes; 3 by default. */
  readonly probeCount?: number;
  /** The shortest time between probes; 1,000 by default. */
  readonly probeMinMs?: number;
  /** The longest time between probes; 2,000 by default. */
  readonly probeMaxMs?: number;
  /** From the last probe until the address is ours; 2,000 by default. */
  readonly announceWaitMs?: number;
  /** Announcements; 2 by default. */
  readonly announceCount?: number;
  /** Between announcements; 2,000 by default. */
  readonly announceIntervalMs?: number;
  /** No address is defended more often; 10,000 by default. */
  readonly defendIntervalMs?: number;
}

/** Constants for links where an answer takes milliseconds: an address is ours after 0.3 s. */
export const quickTiming: ClaimTiming = {
  probeWaitMs: 0,
  probeMinMs: 50,
  probeMaxMs: 100,
  announceWaitMs: 100,
};

/** What {@link Claims} stand on. */
export interface ClaimsOptions {
  readonly timers: Timers;
  readonly random: Random;
  readonly timing: ClaimTiming;
  /** Sends everyone a request for `address`, from it or, as a probe, from nobody. */
  readonly send: (address: Uint8Array, isProbe: boolean) => void;
  /** Called when an address that could be used cannot any more. */
  readonly lost: (address: Uint8Array) => void;
}

interface Claim {
  readonly address: Uint8Array;
  readonly isFixed: boolean;
  readonly timer: Timer;
  readonly settle: (error?: ProtocolError) => void;
  probes: number;
  announcements: number;
  defendedMs: number;
}

export class Claims {
  /** Those that can be used; a new array after each change. */
  addresses: readonly Uint8Array[] = [];
  readonly #options: ClaimsOptions;
  readonly #timing: Required<ClaimTiming>;
  readonly #claims = new Map<number, Claim>();
  readonly #usable = new Set<number>();

  constructor(options: ClaimsOptions) {
    this.#options = options;
    this.#timing = {
      probeWaitMs: 1000,
      probeCount: 3,
      probeMinMs: 1000,
      probeMaxMs: 2000,
      announceWaitMs: 2000,
      announceCount: 2,
      announceIntervalMs: 2000,
      defendIntervalMs: 10_000,
      ...options.timing,
    };
  }

  /** Whether an address can be used and is answered for. */
  holds(address: Uint8Array): boolean {
    return this.#usable.has(toNumber(address));
  }

  claim(address: Uint8Array, isFixed: boolean): Promise<void> {
    const key = toNumber(address);
    return new Promise((resolve, reject) => {
      if (this.#usable.has(key)) {
        resolve();
        return;
      }
      this.#remove(key, "it was claimed again");
      const claim: Claim = {
        address: address.slice(),
        isFixed,
        timer: this.#options.timers.timer((nowMs) => this.#step(key, claim, nowMs)),
        settle: (error) => (error === undefined ? resolve() : reject(error)),
        probes: 0,
        announcements: 0,
        defendedMs: -Infinity,
      };
      this.#claims.set(key, claim);
      const nowMs = this.#options.timers.nowMs();
      if (isFixed) {
        this.#use(key, claim);
        this.#step(key, claim, nowMs);
      } else {
        claim.timer.set(nowMs + this.#between(0, this.#timing.probeWaitMs));
      }
    });
  }

  /** Probes for all again, while those that can be used still are (RFC 5227, 2.1). */
  restart(): void {
    for (const [key, claim] of this.#claims) {
      claim.probes = claim.announcements = 0;
      this.#step(key, claim, this.#options.timers.nowMs());
    }
  }

  release(address: Uint8Array): void {
    this.#remove(toNumber(address), "it was released");
  }

  /**
   * Looks at what another host says of its address, and what it asks for (both *borrowed*). Returns
   * whether that is at odds with a claim of ours.
   */
  isConflict(sender: Uint8Array, target: Uint8Array): boolean {
    const senderKey = toNumber(sender);
    // From nobody it is a probe: at odds with ours only while both are looking (RFC 5227, 2.1.1).
    const key = senderKey === 0 ? toNumber(target) : senderKey;
    const claim = this.#claims.get(key);
    if (claim === undefined || (senderKey === 0 && this.#usable.has(key))) return false;
    this.#contest(key, claim);
    return true;
  }

  /** Gives up all addresses. */
  clear(): void {
    for (const key of this.#claims.keys()) this.#remove(key, "ARP was disposed", "closed");
  }

  /** Sends the next probe or announcement. */
  #step(key: number, claim: Claim, nowMs: number): void {
    const { probeCount, probeMinMs, probeMaxMs, announceWaitMs } = this.#timing;
    const { announceCount, announceIntervalMs } = this.#timing;
    if (claim.probes < probeCount) {
      claim.probes += 1;
      const isLast = claim.probes === probeCount;
      claim.timer.set(nowMs + (isLast ? announceWaitMs : this.#between(probeMinMs, probeMaxMs)));
      this.#options.send(claim.address, true);
      return;
    }
    claim.announcements += 1;
    if (claim.announcements < announceCount) claim.timer.set(nowMs + announceIntervalMs);
    this.#use(key, claim);
    this.#options.send(claim.address, false);
  }

  #use(key: number, claim: Claim): void {
    if (this.#usable.has(key)) return;
    this.#usable.add(key);
    this.addresses = [...this.addresses, claim.address];
    claim.settle();
  }

  #contest(key: number, claim: Claim): void {
    const nowMs = this.#options.timers.nowMs();
    const isHeld = claim.announcements > 0;
    if (isHeld && nowMs - claim.defendedMs >= this.#timing.defendIntervalMs) {
      claim.defendedMs = nowMs;
      this.#options.send(claim.address, false);
    } else if (!isHeld || !claim.isFixed) {
      const wasUsable = this.#usable.has(key);
      this.#remove(key, "another host has it", "address-conflict");
      if (wasUsable) this.#options.lost(claim.address);
    }
  }

  #remove(key: number, why: string, code: "address-conflict" | "closed" = "closed"): void {
    const claim = this.#claims.get(key);
    if (claim === undefined) return;
    this.#claims.delete(key);
    this.#usable.delete(key);
    this.addresses = this.addresses.filter((address) => address !== claim.address);
    claim.timer.clear();
    claim.settle(new ProtocolError(code, `Cannot claim ${format(claim.address)}: ${why}`));
  }

  #between(leastMs: number, mostMs: number): number {
    return leastMs + (mostMs - leastMs) * fraction(this.#options.random);
  }
}
