/** How IPv4 comes by an address that nobody chose: from a server, or else one of the link. */

import type { Clock, Random, Udp } from "../devices/index.ts";
import { connect as connectDhcp, type DhcpClient } from "./dhcp/client.ts";
import { timersOf } from "./timers.ts";
import type { Ipv4 } from "./ipv4/ipv4.ts";
import { LinkLocal } from "./ipv4/link-local.ts";

/** What an address is looked for with. */
export interface AutomaticIpv4Options {
  readonly ipv4: Ipv4;
  readonly udp: Udp;
  readonly mac: Uint8Array;
  readonly clock: Clock;
  readonly random: Random;
  readonly hostName?: string | undefined;
  /** Whether an address of the link will do while no server answers. */
  readonly mayBeLinkLocal: boolean;
}

/** How long to wait for a server before an address of the link is looked for. */
const serverWaitMs = 500;

/** After which we say that there is no server, though we go on asking: its third answer is due. */
const serverTimeoutMs = 15_000;

/** Looks for an address as long as it lives. */
export class AutomaticIpv4 {
  readonly dhcp: DhcpClient;
  readonly #ipv4: Ipv4;
  readonly #linkLocal: LinkLocal | undefined;
  readonly #stopLeases: () => void;

  /**
   * @throws {ProtocolError} `address-in-use` if the client's port is taken
   * @throws {TypeError} if `hostName` is no name
   */
  constructor(options: AutomaticIpv4Options) {
    const { ipv4, mac, clock, random, mayBeLinkLocal } = options;
    this.#ipv4 = ipv4;
    this.dhcp = connectDhcp(options);
    if (mayBeLinkLocal) {
      this.#linkLocal = new LinkLocal({ ipv4, mac, random, timers: timersOf(clock) });
      this.#linkLocal.start(serverWaitMs);
    }
    this.#stopLeases = this.dhcp.onChange((lease) => {
      if (lease === undefined) this.#linkLocal?.start(serverWaitMs);
      else this.#linkLocal?.stop();
    });
  }

  /**
   * Resolves when there is an address.
   *
   * @throws {ProtocolError} `timed-out`, `address-conflict`, `closed`
   */
  async configured(): Promise<void> {
    if (this.#linkLocal === undefined) {
      await this.dhcp.configured(serverTimeoutMs);
      return;
    }
    await new Promise<void>((resolve) => {
      if (this.#ipv4.addresses.length > 0) resolve();
      const stop = this.#ipv4.onAddressesChange(() => {
        stop();
        resolve();
      });
    });
  }

  /** Gives the address back. */
  async dispose(): Promise<void> {
    this.#stopLeases();
    this.#linkLocal?.dispose();
    await this.dhcp[Symbol.asyncDispose]();
  }
}
