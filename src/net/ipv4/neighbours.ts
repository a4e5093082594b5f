/**
 * The next hops of packets. What is sent to one whose MAC address is not known yet waits, whole,
 * until ARP has found it.
 */

import type { Arp, FrameOffload } from "../../devices/index.ts";
import { toNumber } from "./address.ts";

/** A packet that waits. */
export interface WaitingPacket {
  readonly bytes: Uint8Array;
  readonly offload: FrameOffload | undefined;
}

/** What {@link Neighbours} stand on. */
export interface NeighboursOptions {
  readonly arp: Arp;
  /** Sends a packet that waited. */
  readonly send: (mac: Uint8Array, packet: WaitingPacket) => void;
  /** Gets a packet that waited for nobody. */
  readonly giveUp: (packet: WaitingPacket) => void;
  /** Hears of an address for which nobody answers. */
  readonly lost: (address: Uint8Array) => void;
}

/** The most bytes that wait for one neighbour: a packet of the longest, cut into fragments. */
const maxWaitingBytes = 131_072;

/** The most bytes that wait for all of them. */
const maxTotalBytes = 1_048_576;

/** What a waiting packet is taken to cost beside its bytes. */
const overheadBytes = 128;

/** So many are known before those that nothing waits for are forgotten. */
const maxIdle = 512;

export class Neighbours {
  readonly options: NeighboursOptions;
  /** Bytes that wait, for all neighbours. */
  waitingBytes = 0;
  readonly #neighbours = new Map<number, Neighbour>();

  constructor(options: NeighboursOptions) {
    this.options = options;
  }

  /** The neighbour with `address` (4 bytes, copied). */
  get(address: Uint8Array): Neighbour {
    const key = toNumber(address);
    const known = this.#neighbours.get(key);
    if (known !== undefined) return known;
    if (this.#neighbours.size >= maxIdle) {
      for (const [key, { isWaiting }] of this.#neighbours) {
        if (!isWaiting) this.#neighbours.delete(key);
      }
    }
    const neighbour = new Neighbour(this, address.slice());
    this.#neighbours.set(key, neighbour);
    return neighbour;
  }

  /** Forgets all that waits. */
  clear(): void {
    for (const neighbour of this.#neighbours.values()) neighbour.clear();
    this.#neighbours.clear();
  }
}

export class Neighbour {
  /** Whether ARP has been asked and has not answered. */
  isWaiting = false;
  readonly #all: Neighbours;
  /** 4 bytes. */
  readonly address: Uint8Array;
  #waiting: WaitingPacket[] = [];
  #waitingBytes = 0;
  #isAsking = false;
  #mac: Uint8Array | undefined;
  readonly #found = (mac: Uint8Array | undefined): void => {
    this.#mac = mac;
    this.isWaiting = false;
    if (mac === undefined) this.#all.options.lost(this.address);
    if (!this.#isAsking) this.#release(mac);
  };

  constructor(all: Neighbours, address: Uint8Array) {
    this.#all = all;
    this.address = address;
  }

  /** Its MAC address, if ARP knows it; else ARP looks for it, unless it does or cannot. */
  find(): Uint8Array | undefined {
    if (this.isWaiting) return undefined;
    this.#mac = undefined;
    this.isWaiting = this.#isAsking = true;
    this.#all.options.arp.query(this.address, this.#found);
    this.#isAsking = false;
    return this.#mac;
  }

  /** Keeps a packet until ARP answers; returns whether there was room. */
  hold(packet: WaitingPacket): boolean {
    const costBytes = packet.bytes.length + overheadBytes;
    if (this.#waitingBytes + costBytes > maxWaitingBytes) return false;
    if (this.#all.waitingBytes + costBytes > maxTotalBytes) return false;
    this.#waiting.push(packet);
    this.#waitingBytes += costBytes;
    this.#all.waitingBytes += costBytes;
    return true;
  }

  clear(): WaitingPacket[] {
    const waiting = this.#waiting;
    this.#all.waitingBytes -= this.#waitingBytes;
    this.#waitingBytes = 0;
    this.#waiting = [];
    return waiting;
  }

  #release(mac: Uint8Array | undefined): void {
    const { send, giveUp } = this.#all.options;
    for (const packet of this.clear()) {
      if (mac === undefined) giveUp(packet);
      else send(mac, packet);
    }
  }
}
