/**
 * Addresses that a node makes for itself (RFC 4862): one for the link, and one of each prefix that
 * routers offer for it, which are asked for.
 *
 * Interface identifiers are drawn at random: the stable ones of RFC 7217 need a secret that outlives
 * the stack, and without one their hash would only be a longer way to draw.
 */

import { isGroup, isLinkLocal } from "../ipv6/address.ts";
import { sharePrefix } from "../prefix.ts";
import type { Timer } from "../timers.ts";
import type { Addresses } from "./addresses.ts";
import { endMs } from "./leases.ts";
import type { ControlLink } from "./link.ts";
import type { PrefixInformation } from "./options.ts";

/** Bits of a prefix that an interface identifier can follow (RFC 4291, 2.5.1). */
const prefixBits = 64;

/** How many identifiers are tried if others turn out to have them (RFC 7217, 6: IDGEN_RETRIES). */
const maxAttempts = 3;

/** MAX_RTR_SOLICITATIONS and RTR_SOLICITATION_INTERVAL (RFC 4861, 10). */
const maxSolicitations = 3;
const solicitationMs = 4000;

/** What a router that nobody vouches for cannot shorten a lifetime below (RFC 4862, 5.5.3 e). */
const twoHoursMs = 7_200_000;

export class Autoconfiguration {
  readonly #link: ControlLink;
  readonly #addresses: Addresses;
  readonly #solicit: () => void;
  readonly #conflict: (address: Uint8Array) => void;
  readonly #solicitation: Timer;
  #solicitations = 0;

  /** `solicit` asks all routers; `conflict` hears of an address that others had each time. */
  constructor(
    link: ControlLink,
    addresses: Addresses,
    solicit: () => void,
    conflict: (address: Uint8Array) => void,
  ) {
    this.#link = link;
    this.#addresses = addresses;
    this.#solicit = solicit;
    this.#conflict = conflict;
    this.#solicitation = link.timers.timer(() => this.solicitRouters());
  }

  /** Makes an address for the link. */
  addLinkLocal(): void {
    this.#add(Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0), Infinity, Infinity, 1);
  }

  /** Asks routers to advertise themselves, until one does. */
  solicitRouters(): void {
    this.#solicitations += 1;
    if (this.#solicitations < maxSolicitations) {
      this.#solicitation.set(this.#link.timers.nowMs() + solicitationMs);
    }
    this.#solicit();
  }

  /** A router advertised itself, and with it these prefixes. */
  advertised(prefixes: readonly PrefixInformation[]): void {
    this.#solicitation.clear();
    for (const each of prefixes) this.#takePrefix(each);
  }

  /** Asks no more. */
  clear(): void {
    this.#solicitations = 0;
    this.#solicitation.clear();
  }

  /** @see RFC 4862, 5.5.3 */
  #takePrefix(information: PrefixInformation): void {
    const { prefix, length, isAutonomous, validLifetimeS, preferredLifetimeS } = information;
    if (!isAutonomous || isLinkLocal(prefix) || isGroup(prefix)) return;
    if (preferredLifetimeS > validLifetimeS || length !== prefixBits) return;
    const nowMs = this.#link.timers.nowMs();
    const validUntilMs = endMs(nowMs, validLifetimeS);
    const preferredUntilMs = endMs(nowMs, preferredLifetimeS);
    const known = this.#addresses.all.find(
      ({ address, isAutomatic }) => isAutomatic && sharePrefix(address, prefix, prefixBits),
    );
    if (known === undefined) {
      if (validLifetimeS === 0) return;
      this.#add(prefix.slice(0, prefixBits / 8), preferredUntilMs, validUntilMs, 1);
      return;
    }
    const isLonger = validUntilMs > Math.min(known.validUntilMs, nowMs + twoHoursMs);
    const kept = Math.min(known.validUntilMs, nowMs + twoHoursMs);
    this.#addresses.prolong(known.address, preferredUntilMs, isLonger ? validUntilMs : kept);
  }

  #add(prefix: Uint8Array, preferredUntilMs: number, validUntilMs: number, attempt: number): void {
    const address = new Uint8Array(16);
    address.set(prefix);
    this.#link.random.fill(address.subarray(prefixBits / 8));
    this.#addresses.add({
      address,
      prefixLength: prefixBits,
      isAutomatic: true,
      preferredUntilMs,
      validUntilMs,
      settle: (outcome) => {
        if (outcome !== "duplicate") return;
        if (attempt < maxAttempts) {
          this.#add(prefix, preferredUntilMs, validUntilMs, attempt + 1);
        } else this.#conflict(address);
      },
    });
  }
}
