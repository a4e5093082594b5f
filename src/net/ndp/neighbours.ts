/** The neighbour cache: who is where, and whether they answer (RFC 4861, 7.2 and 7.3). */

import type { FrameOffload } from "../../devices/index.ts";
import { keyOf } from "../ipv6/address.ts";
import { isSameAddress } from "../prefix.ts";
import type { Timer, Timers } from "../timers.ts";
import type { NeighbourAdvertisement } from "./packet.ts";

/** States of a neighbour (RFC 4861, 7.3.2). */
export type NeighbourState = "incomplete" | "reachable" | "stale" | "delay" | "probe";

/** What happens to a neighbour. */
type NeighbourEvent =
  /** A packet was sent to it. */
  | "sent"
  /** The time of its state is over. */
  | "elapsed"
  /** A first MAC address was heard, and not because we asked. */
  | "heard"
  /** Another MAC address was heard, and not because we asked. */
  | "replaced"
  /** It advertised another MAC address, which must not replace the known one, or does not get what we send. */
  | "doubted"
  /** It answered us, or a transport knows that it got what we sent. */
  | "confirmed";

/** The table of RFC 4861, Appendix C; what is not in it changes no state. */
const transitions = {
  incomplete: { heard: "stale", confirmed: "reachable" },
  reachable: { elapsed: "stale", replaced: "stale", doubted: "stale", confirmed: "reachable" },
  stale: { sent: "delay", confirmed: "reachable" },
  delay: { elapsed: "probe", replaced: "stale", confirmed: "reachable" },
  probe: { replaced: "stale", confirmed: "reachable" },
} as const satisfies Record<
  NeighbourState,
  Partial<Record<NeighbourEvent, NeighbourState>>
> as Record<NeighbourState, Partial<Record<NeighbourEvent, NeighbourState>>>;

/** MAX_MULTICAST_SOLICIT and MAX_UNICAST_SOLICIT (RFC 4861, 10). */
const maxSolicitations = 3;
/** DELAY_FIRST_PROBE_TIME. */
const delayMs = 5000;

/** Packets that wait for the MAC address of a neighbour: for one, and for all together. */
const maxWaitingEach = 64;
const maxWaiting = 256;

/** The most neighbours known. */
const maxNeighbours = 512;

/** A packet that waits, whole. */
export interface WaitingPacket {
  readonly packet: Uint8Array;
  readonly offload: FrameOffload | undefined;
}

/** A node on the link. */
export interface Neighbour {
  readonly address: Uint8Array;
  /** 6 bytes; zeros while it is incomplete. */
  readonly mac: Uint8Array;
  readonly state: NeighbourState;
  /** The source of the packet that first wanted to go there. */
  readonly source: Uint8Array;
}

interface Entry extends Neighbour {
  readonly key: string;
  state: NeighbourState;
  source: Uint8Array;
  isRouter: boolean;
  solicitations: number;
  waiting: WaitingPacket[];
  readonly timer: Timer;
}

/** What the cache needs. */
export interface NeighboursOptions {
  readonly timers: Timers;
  /** What routers may change: how long a confirmation lasts, and when to ask again. */
  readonly times: { readonly reachableMs: number; readonly retransmitMs: number };
  /** Sends a solicitation: to the neighbour alone where its state is `probe`. */
  readonly solicit: (neighbour: Neighbour) => void;
  /** Sends a packet that waited. */
  readonly deliver: (neighbour: Neighbour, waiting: WaitingPacket) => void;
  /** Takes back a packet that waited in vain: nobody answered, or there was no more room. */
  readonly giveUp: (packet: Uint8Array, isSilent: boolean) => void;
  /** Hears of a neighbour that is no longer known: it did not answer, or made room. */
  readonly removed: (neighbour: Neighbour, isSilent: boolean) => void;
  /** Hears of a neighbour that is no router any more. */
  readonly stoppedRouting: (neighbour: Neighbour) => void;
}

export class Neighbours {
  readonly #options: NeighboursOptions;
  readonly #entries = new Map<string, Entry>();
  #waitingCount = 0;

  constructor(options: NeighboursOptions) {
    this.#options = options;
  }

  /** How many are known. */
  get count(): number {
    return this.#entries.size;
  }

  /** The neighbour of an address, if it is known. */
  get(address: Uint8Array): Neighbour | undefined {
    return this.#entries.get(keyOf(address));
  }

  /** The neighbour of an address that a packet from `source` goes to; asks for it if need be. */
  find(address: Uint8Array, source: Uint8Array): Neighbour {
    const known = this.#entries.get(keyOf(address));
    if (known !== undefined) return known;
    const entry = this.#add(address, source);
    this.#enter(entry);
    return entry;
  }

  /** To be called for each packet that goes to a neighbour that is stale. */
  sent(neighbour: Neighbour): void {
    this.#move(this.#entryOf(neighbour), "sent");
  }

  /** Keeps a packet, *given*, until a neighbour that is incomplete is known. */
  wait(neighbour: Neighbour, waiting: WaitingPacket): void {
    const entry = this.#entryOf(neighbour);
    if (entry === undefined) return;
    if (entry.waiting.length >= maxWaitingEach || this.#waitingCount >= maxWaiting) {
      const oldest = entry.waiting.shift();
      this.#options.giveUp((oldest ?? waiting).packet, false);
      if (oldest === undefined) return;
      this.#waitingCount -= 1;
    }
    entry.waiting.push(waiting);
    this.#waitingCount += 1;
  }

  /** A transport knows that the neighbour forwards, or gets, what we send (RFC 4861, 7.3.1). */
  confirm(neighbour: Neighbour, nowMs: number): void {
    const entry = this.#entryOf(neighbour);
    if (entry === undefined) return;
    if (entry.state === "reachable") entry.timer.set(nowMs + this.#options.times.reachableMs);
    else if (entry.state !== "incomplete") this.#move(entry, "confirmed");
  }

  /** A transport knows that what we send does not get there: the neighbour is asked soon. */
  doubt(neighbour: Neighbour): void {
    this.#move(this.#entryOf(neighbour), "doubted");
  }

  /** Learns where somebody is who said so without being asked, in anything but an advertisement. */
  heard(address: Uint8Array, mac: Uint8Array): void {
    const entry = this.#entries.get(keyOf(address)) ?? this.#add(address, address);
    if (isSameAddress(entry.mac, mac)) return;
    entry.mac.set(mac);
    this.#move(entry, entry.state === "incomplete" ? "heard" : "replaced");
  }

  /** Takes in an advertisement; `mac` is what it says, if anything. */
  advertised(advertisement: NeighbourAdvertisement, mac: Uint8Array | undefined): void {
    const { target, isRouter, isSolicited, isOverride } = advertisement;
    const entry = this.#entries.get(keyOf(target));
    // Nobody asked, or nothing can be learned of it (RFC 4861, 7.2.5).
    if (entry === undefined || (entry.state === "incomplete" && mac === undefined)) return;
    const isChange = mac !== undefined && !isSameAddress(entry.mac, mac);
    if (isChange && !isOverride && entry.state !== "incomplete") {
      this.#move(entry, "doubted");
      return;
    }
    if (isChange) entry.mac.set(mac);
    if (isSolicited) this.#move(entry, "confirmed");
    else if (isChange) this.#move(entry, entry.state === "incomplete" ? "heard" : "replaced");
    if (entry.isRouter && !isRouter) this.#options.stoppedRouting(entry);
    entry.isRouter = isRouter;
  }

  /** Remembers that a neighbour, if it is known, is a router. */
  markRouter(address: Uint8Array): void {
    const entry = this.#entries.get(keyOf(address));
    if (entry !== undefined) entry.isRouter = true;
  }

  /** Forgets everything, the packets that wait too. */
  clear(): void {
    for (const { timer } of this.#entries.values()) timer.clear();
    this.#entries.clear();
    this.#waitingCount = 0;
  }

  /** The entry that a neighbour is, unless it has been forgotten. */
  #entryOf(neighbour: Neighbour): Entry | undefined {
    const entry = this.#entries.get(keyOf(neighbour.address));
    return entry === neighbour ? entry : undefined;
  }

  #add(address: Uint8Array, source: Uint8Array): Entry {
    if (this.#entries.size >= maxNeighbours) this.#makeRoom();
    const entry: Entry = {
      key: keyOf(address),
      address: address.slice(),
      mac: new Uint8Array(6),
      state: "incomplete",
      source: source.slice(),
      isRouter: false,
      solicitations: 0,
      waiting: [],
      timer: this.#options.timers.timer(() => this.#elapse(entry)),
    };
    this.#entries.set(entry.key, entry);
    return entry;
  }

  /** What strangers said of themselves is stale: it goes before what we talk to. */
  #makeRoom(): void {
    const entries = [...this.#entries.values()];
    const entry = entries.find(({ state }) => state === "stale") ?? entries[0];
    if (entry !== undefined) this.#remove(entry, false);
  }

  #remove(entry: Entry, isSilent: boolean): void {
    entry.timer.clear();
    this.#entries.delete(entry.key);
    this.#waitingCount -= entry.waiting.length;
    this.#options.removed(entry, isSilent);
    for (const { packet } of entry.waiting) this.#options.giveUp(packet, isSilent);
  }

  #move(entry: Entry | undefined, event: NeighbourEvent): void {
    const state = entry === undefined ? undefined : transitions[entry.state][event];
    if (entry === undefined || state === undefined) return;
    entry.state = state;
    entry.solicitations = 0;
    this.#enter(entry);
    if (entry.waiting.length === 0) return;
    const { waiting } = entry;
    entry.waiting = [];
    this.#waitingCount -= waiting.length;
    for (const each of waiting) this.#options.deliver(entry, each);
  }

  /** Does what a state begins with, and says how long it lasts. */
  #enter(entry: Entry): void {
    const { timers, times, solicit } = this.#options;
    const nowMs = timers.nowMs();
    switch (entry.state) {
      case "reachable":
        entry.timer.set(nowMs + times.reachableMs);
        break;
      case "stale":
        entry.timer.clear();
        break;
      case "delay":
        entry.timer.set(nowMs + delayMs);
        break;
      case "incomplete":
      case "probe":
        entry.solicitations += 1;
        entry.timer.set(nowMs + times.retransmitMs);
        solicit(entry);
        break;
    }
  }

  #elapse(entry: Entry): void {
    const isAsking = entry.state === "incomplete" || entry.state === "probe";
    if (!isAsking) this.#move(entry, "elapsed");
    else if (entry.solicitations < maxSolicitations) this.#enter(entry);
    else this.#remove(entry, true);
  }
}
