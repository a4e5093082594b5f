/**
 * Our addresses: detection of duplicates and lifetimes (RFC 4862, 5.4 and 5.5.4). All are
 * optimistic (RFC 4429): used at once, and given up if somebody else turns out to have them.
 */

import { formatPrefix } from "../address.ts";
import { isLinkLocal, unspecified } from "../ipv6/address.ts";
import { solicitedNode } from "../ipv6/groups.ts";
import { selectSource } from "../ipv6/source-selection.ts";
import { isSameAddress, sharePrefix } from "../prefix.ts";
import type { Timer, Timers } from "../timers.ts";

/** The most addresses that routers can make us have. */
const maxAutomatic = 16;

/** How an address ended up: it is ours, somebody else's, or no longer wanted. */
export type AddressOutcome = "unique" | "duplicate" | "removed";

/** One of our addresses. */
export interface LocalAddress {
  /** 16 bytes. */
  readonly address: Uint8Array;
  readonly prefixLength: number;
  /** Whether we made it ourselves of what a router said, or for the link. */
  readonly isAutomatic: boolean;
  /** Whether detection of duplicates has not ended yet. */
  readonly isOptimistic: boolean;
  readonly isDeprecated: boolean;
  /** When it ends; `Infinity` if never. */
  readonly validUntilMs: number;
}

interface Entry extends LocalAddress {
  isOptimistic: boolean;
  isDeprecated: boolean;
  validUntilMs: number;
  preferredUntilMs: number;
  /** How often others were asked whether they have it. */
  probes: number;
  readonly detection: Timer;
  readonly leaveGroup: () => void;
  readonly settle: (outcome: AddressOutcome) => void;
}

/** An address to be added. */
export interface NewAddress {
  /** 16 bytes, *given*. */
  readonly address: Uint8Array;
  readonly prefixLength: number;
  readonly isAutomatic?: boolean;
  readonly preferredUntilMs?: number;
  readonly validUntilMs?: number;
  /** Called once: when nobody else was found to have it, when somebody was, or when it went. */
  readonly settle?: (outcome: AddressOutcome) => void;
}

/** What the table needs. */
export interface AddressesOptions {
  readonly timers: Timers;
  /** RetransTimer, and DupAddrDetectTransmits: how often to ask whether somebody has an address. */
  readonly times: { readonly retransmitMs: number; readonly detectionCount: number };
  /** Joins a group; returns the function that leaves it. */
  readonly join: (group: Uint8Array) => () => void;
  /** Asks from the unspecified address whether somebody has `address`. */
  readonly probe: (address: Uint8Array) => void;
  /** Tells everybody that an address is ours. */
  readonly announce: (address: LocalAddress) => void;
  /** Hears of each change of {@link Addresses.texts}, and of what to send from. */
  readonly changed: () => void;
}

export class Addresses {
  readonly #options: AddressesOptions;
  readonly #lifetimes: Timer;
  #entries: Entry[] = [];
  /** As text, with prefix lengths; a new array after each change. */
  texts: readonly string[] = [];

  constructor(options: AddressesOptions) {
    this.#options = options;
    this.#lifetimes = options.timers.timer((nowMs) => this.#expire(nowMs));
  }

  get all(): readonly LocalAddress[] {
    return this.#entries;
  }

  /** Our link-local address, or the unspecified one while there is none. */
  get linkLocal(): Uint8Array {
    return this.#entries.find(({ address }) => isLinkLocal(address))?.address ?? unspecified;
  }

  find(address: Uint8Array): LocalAddress | undefined {
    return this.findAt(address, 0);
  }

  /** The one of our addresses that stands in `bytes` at `at`. */
  findAt(bytes: Uint8Array, at: number): LocalAddress | undefined {
    for (const entry of this.#entries) {
      let index = 15;
      while (index >= 0 && entry.address[index] === bytes[at + index]) index -= 1;
      if (index < 0) return entry;
    }
    return undefined;
  }

  /** The address to send from (RFC 6724). */
  sourceFor(destination: Uint8Array): Uint8Array | undefined {
    return selectSource(this.#entries, destination)?.address;
  }

  /** Whether an address that was not made automatically says that `address` is on the link. */
  isOnLink(address: Uint8Array): boolean {
    return this.#entries.some(
      (entry) => !entry.isAutomatic && sharePrefix(entry.address, address, entry.prefixLength),
    );
  }

  /** Adds an address, and uses it at once. Does nothing if it is there already, or too many are. */
  add(added: NewAddress): void {
    const { address, settle = () => {}, isAutomatic = false } = added;
    const automatic = this.#entries.filter((entry) => entry.isAutomatic);
    const isOurs = this.find(address) !== undefined;
    if (isOurs || (isAutomatic && automatic.length >= maxAutomatic)) {
      settle(isOurs ? "unique" : "removed");
      return;
    }
    const { timers, join } = this.#options;
    const entry: Entry = {
      address,
      prefixLength: added.prefixLength,
      isAutomatic,
      isOptimistic: true,
      probes: 0,
      isDeprecated: false,
      preferredUntilMs: added.preferredUntilMs ?? Infinity,
      validUntilMs: added.validUntilMs ?? Infinity,
      detection: timers.timer(() => this.#probe(entry)),
      // Before the probe, so that switches let its answer through (RFC 4862, 5.4.2).
      leaveGroup: join(solicitedNode(address)),
      settle,
    };
    this.#entries.push(entry);
    this.#hasChanged();
    this.#expire(timers.nowMs());
    this.#detect(entry);
  }

  /** Asks again whether others have our addresses, while they are used (RFC 4862, 5.4). */
  restart(): void {
    for (const entry of this.#entries) this.#detect(entry);
  }

  /** Gives an address other lifetimes. */
  prolong(address: Uint8Array, preferredUntilMs: number, validUntilMs: number): void {
    const entry = this.#entryOf(address);
    if (entry === undefined) return;
    entry.preferredUntilMs = preferredUntilMs;
    entry.validUntilMs = validUntilMs;
    this.#expire(this.#options.timers.nowMs());
  }

  /** Takes an address away, if it is ours. */
  remove(address: Uint8Array): void {
    const entry = this.#entryOf(address);
    if (entry !== undefined) this.#remove(entry, "removed");
  }

  /** Somebody else has `address`: gives it up, unless we have had it for long. */
  foundDuplicate(address: Uint8Array): void {
    const entry = this.#entryOf(address);
    if (entry?.isOptimistic === true) this.#remove(entry, "duplicate");
  }

  /** Forgets everything. */
  clear(): void {
    const entries = this.#entries;
    this.#entries = [];
    this.texts = [];
    this.#lifetimes.clear();
    for (const entry of entries) {
      entry.detection.clear();
      entry.settle("removed");
    }
  }

  #entryOf(address: Uint8Array): Entry | undefined {
    return this.#entries.find((entry) => isSameAddress(entry.address, address));
  }

  #detect(entry: Entry): void {
    entry.isOptimistic = true;
    entry.probes = 0;
    this.#probe(entry);
  }

  /** Asks once more, or is content. */
  #probe(entry: Entry): void {
    const { timers, times, probe } = this.#options;
    if (entry.probes >= times.detectionCount) {
      this.#passed(entry);
      return;
    }
    entry.probes += 1;
    entry.detection.set(timers.nowMs() + times.retransmitMs);
    probe(entry.address);
  }

  #passed(entry: Entry): void {
    entry.isOptimistic = false;
    this.#options.changed();
    this.#options.announce(entry);
    entry.settle("unique");
  }

  #remove(entry: Entry, outcome: AddressOutcome): void {
    this.#entries = this.#entries.filter((other) => other !== entry);
    entry.detection.clear();
    entry.leaveGroup();
    this.#hasChanged();
    entry.settle(outcome);
  }

  #hasChanged(): void {
    this.texts = this.#entries.map(({ address, prefixLength }) =>
      formatPrefix({ address, length: prefixLength }),
    );
    this.#options.changed();
  }

  /** Deprecates and removes what is due, and sets the timer for the next. */
  #expire(nowMs: number): void {
    for (const entry of this.#entries) {
      if (entry.validUntilMs <= nowMs) this.#remove(entry, "removed");
    }
    let nextMs = Infinity;
    for (const entry of this.#entries) {
      const isDeprecated = entry.preferredUntilMs <= nowMs;
      nextMs = Math.min(nextMs, isDeprecated ? entry.validUntilMs : entry.preferredUntilMs);
      if (isDeprecated === entry.isDeprecated) continue;
      entry.isDeprecated = isDeprecated;
      this.#options.changed();
    }
    this.#lifetimes.set(nextMs);
  }
}
