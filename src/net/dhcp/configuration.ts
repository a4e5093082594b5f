/** A lease put into effect, and those who want to know of it. */

import { Listeners } from "../listeners.ts";
import type { Lease } from "./lease.ts";

/** What a lease is put into effect on: a part of `Ipv4`. */
export interface Configurable {
  /**
   * Claims an address (*borrowed*), and resolves when it can be used.
   *
   * @throws {ProtocolError} `address-conflict` if another host has it
   */
  configure(options: {
    readonly address: Uint8Array;
    readonly prefixLength: number;
  }): Promise<void>;
  /** Gives an address up. */
  deconfigure(address: Uint8Array): void;
  /** Adds a route, to the link itself if `gateway` is `undefined`, behind others of a prefix. */
  addRoute(prefix: Uint8Array, length: number, gateway: Uint8Array | undefined): void;
  /** Removes the routes of this prefix. */
  removeRoute(prefix: Uint8Array, length: number): void;
  /** Calls `listener` when an address had to be given up to another host. Returns what stops it. */
  onConflict(listener: (address: Uint8Array) => void): () => void;
}

/** What is in effect: at most one lease. */
export class Configuration {
  #lease: Lease | undefined;
  readonly #ipv4: Configurable;
  readonly #changes = new Listeners();

  constructor(ipv4: Configurable) {
    this.#ipv4 = ipv4;
  }

  get lease(): Lease | undefined {
    return this.#lease;
  }

  /** Puts a lease into effect, whose address is configured already. */
  apply(lease: Lease): void {
    this.#removeRoutes();
    for (const { prefix, gateway } of lease.routes) {
      this.#ipv4.addRoute(prefix.address, prefix.length, gateway);
    }
    this.#lease = lease;
    this.#changes.call();
  }

  /** Ends the lease, if there is one. */
  drop(): void {
    if (this.#lease === undefined) return;
    const { address } = this.#lease;
    this.#removeRoutes();
    this.#lease = undefined;
    this.#ipv4.deconfigure(address);
    this.#changes.call();
  }

  /** As `DhcpClient.onChange`. */
  onChange(listener: (lease: Lease | undefined) => void): () => void {
    return this.#changes.add(() => listener(this.#lease));
  }

  #removeRoutes(): void {
    for (const { prefix } of this.#lease?.routes ?? []) {
      this.#ipv4.removeRoute(prefix.address, prefix.length);
    }
  }
}
