/** How IPv4 comes by an address that nobody chose: from a server, or else one of the link. */

import { ProtocolError, type Clock, type Random, type Udp } from "../devices/index.ts";
import { connect as connectDhcp, type DhcpClient } from "./dhcp/client.ts";
import { type Timers, timersOf } from "./timers.ts";
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

/** After which we say that there is no address, though we go on: a server's third answer is due. */
const serverTimeoutMs = 15_000;

/** Looks for an address as long as it lives. */
export class AutomaticIpv4 {
  readonly dhcp: DhcpClient;
  readonly #ipv4: Ipv4;
  readonly #linkLocal: LinkLocal | undefined;
  readonly #stopLeases: () => void;
  readonly #timers: Timers;
  /** Ends of what waits for an address. */
  readonly #waits = new Set<() => void>();

  /**
   * @throws {ProtocolError} `address-in-use` if the client's port is taken
   * @throws {TypeError} if `hostName` is no name
   */
  constructor(options: AutomaticIpv4Options) {
    const { ipv4, mac, clock, random, mayBeLinkLocal } = options;
    this.#ipv4 = ipv4;
    this.#timers = timersOf(clock);
    this.dhcp = connectDhcp(options);
    if (mayBeLinkLocal) {
      this.#linkLocal = new LinkLocal({ ipv4, mac, random, timers: this.#timers });
      this.#linkLocal.start(serverWaitMs);
    }
    this.#stopLeases = this.dhcp.onChange((lease) => {
      if (lease === undefined) this.#linkLocal?.start(serverWaitMs);
      else this.#linkLocal?.stop();
    });
  }

  /**
   * Resolves when there is an address, or when this is disposed, which the stack tells.
   *
   * @throws {ProtocolError} `timed-out`, `address-conflict`, `closed`
   */
  async configured(): Promise<void> {
    if (this.#linkLocal === undefined) {
      await this.dhcp.configured(serverTimeoutMs);
      return;
    }
    if (this.#ipv4.addresses.length > 0) return;
    await new Promise<void>((resolve, reject) => {
      const end = (): void => {
        this.#waits.delete(end);
        timer.clear();
        stop();
        resolve();
      };
      const timer = this.#timers.timer(() => {
        reject(conflictError());
        end();
      });
      const stop = this.#ipv4.onAddressesChange(({ length }) => {
        if (length > 0) end();
      });
      this.#waits.add(end);
      timer.set(this.#timers.nowMs() + serverTimeoutMs);
    });
  }

  /** Gives the address back. */
  async dispose(): Promise<void> {
    this.#stopLeases();
    this.#linkLocal?.dispose();
    for (const end of this.#waits) end();
    await this.dhcp[Symbol.asyncDispose]();
  }
}

/** Whoever wants an address of the link gets one, unless others have all that were tried. */
function conflictError(): ProtocolError {
  const message = "Cannot get an address of the link: other hosts have them";
  return new ProtocolError("address-conflict", message);
}
