/** A network with a DHCP server, and an interface to configure. */

import { ProtocolError } from "../src/devices/index.ts";
import { formatAddress } from "../src/net/address.ts";
import { connect, type DhcpClient, type DhcpOptions } from "../src/net/dhcp/client.ts";
import type { Configurable } from "../src/net/dhcp/configuration.ts";
import { connect as connectUdp } from "../src/net/udp/udp.ts";
import { Simulation } from "../src/simulated/index.ts";
import { FakeDhcpServer } from "./fake-dhcp-server.ts";
import { FakeInternet, type FakeIp } from "./fake-ip.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** An interface that notes what is done to it. */
export class FakeInterface implements Configurable {
  readonly routes: string[] = [];
  listenerCount = 0;
  /** Addresses that other hosts have. */
  readonly taken = new Set<string>();
  lose: (address: Uint8Array) => void = () => {};
  readonly #ip: FakeIp;

  constructor(ip: FakeIp) {
    this.#ip = ip;
  }

  async configure(options: { address: Uint8Array; prefixLength: number }): Promise<void> {
    const address = formatAddress(options.address);
    if (this.taken.has(address)) throw new ProtocolError("address-conflict", "It is taken");
    this.#ip.addresses = [...this.#ip.addresses, `${address}/${options.prefixLength}`];
  }

  deconfigure(address: Uint8Array): void {
    const text = `${formatAddress(address)}/`;
    this.#ip.addresses = this.#ip.addresses.filter((each) => !each.startsWith(text));
  }

  addRoute(prefix: Uint8Array, length: number, gateway: Uint8Array | undefined): void {
    const via = gateway === undefined ? "" : ` via ${formatAddress(gateway)}`;
    this.routes.push(`${formatAddress(prefix)}/${length}${via}`);
  }

  removeRoute(prefix: Uint8Array, length: number): void {
    const text = `${formatAddress(prefix)}/${length}`;
    this.routes.splice(
      this.routes.findIndex((route) => route.startsWith(text)),
      1,
    );
  }

  onConflict(listener: (address: Uint8Array) => void): () => void {
    this.lose = listener;
    this.listenerCount += 1;
    return () => void (this.listenerCount -= 1);
  }
}

export interface DhcpWorld {
  readonly simulation: Simulation;
  readonly internet: FakeInternet;
  readonly server: FakeDhcpServer;
  readonly ip: FakeIp;
  readonly ipv4: FakeInterface;
  readonly start: (options?: Partial<DhcpOptions>) => DhcpClient;
  /** Lets so many seconds pass. */
  readonly pass: (seconds: number) => Promise<void>;
}

export function dhcpWorld(seed: number = 1): DhcpWorld {
  const simulation = new Simulation({ seed, turn });
  const internet = new FakeInternet(simulation.timeline);
  const server = new FakeDhcpServer(simulation, internet);
  const ip = internet.host(4);
  const ipv4 = new FakeInterface(ip);
  const start = (options: Partial<DhcpOptions> = {}): DhcpClient =>
    connect({
      udp: connectUdp({ v4: ip, random: simulation.random("udp") }),
      ipv4,
      mac: Uint8Array.of(2, 0, 0, 0, 0, 9),
      clock: simulation.clock,
      random: simulation.random("dhcp"),
      ...options,
    });
  const pass = (seconds: number): Promise<void> =>
    simulation.run(() => simulation.clock.sleep(1000 * seconds));
  return { simulation, internet, server, ip, ipv4, start, pass };
}
