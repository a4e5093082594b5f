/** Hosts of one link that know each other by multicast DNS, and all that they send. */

import type { Udp } from "../src/devices/index.ts";
import { Listeners } from "../src/net/listeners.ts";
import { connect, type Mdns } from "../src/net/mdns/mdns.ts";
import { decode, type MdnsMessage } from "../src/net/mdns/packet.ts";
import { connect as connectUdp } from "../src/net/udp/udp.ts";
import { Simulation } from "../src/simulated/index.ts";
import { FakeInternet } from "./fake-ip.ts";
import { recordText } from "./name-server-world.ts";

export interface Host {
  readonly udp: Udp;
  readonly mdns: Mdns;
  /** Changes its addresses. */
  readonly readdress: (...addresses: readonly string[]) => void;
}

/** What was sent, in words. */
export interface Sent {
  readonly from: string;
  readonly to: string;
  readonly atMs: number;
  readonly message: MdnsMessage;
}

export class LinkWorld {
  readonly simulation: Simulation = new Simulation({
    seed: 1,
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  });
  readonly internet: FakeInternet = new FakeInternet(this.simulation.timeline);
  readonly sent: Sent[] = [];

  constructor() {
    const send = this.internet.send.bind(this.internet);
    this.internet.send = (sender, packet) => {
      const message = decode(packet.payload.subarray(8));
      const atMs = this.simulation.clock.monotonicMs();
      if (message !== undefined)
        this.sent.push({ from: packet.from, to: packet.to, atMs, message });
      send(sender, packet);
    };
  }

  /** A host at 10.0.0.`number`; without a name it only looks. */
  host(number: number, hostName?: string): Host {
    const address = `10.0.0.${number}/24`;
    const random = this.simulation.random(address);
    const v4 = this.internet.host(4, address);
    const udp = connectUdp({ v4, random });
    const listeners = new Listeners<readonly string[]>();
    let addresses: readonly string[] = [address];
    const stack = {
      udp,
      get addresses() {
        return addresses;
      },
      onAddressesChange: (listener: (value: readonly string[]) => void) => listeners.add(listener),
    };
    const { clock } = this.simulation;
    const mdns = connect({ stack, clock, random, ...(hostName === undefined ? {} : { hostName }) });
    return {
      udp,
      mdns,
      readdress: (...changed) => {
        addresses = changed;
        listeners.call(changed);
      },
    };
  }

  pass(ms: number): Promise<void> {
    return this.simulation.run(() => this.simulation.clock.sleep(ms));
  }

  run<T>(main: () => Promise<T>): Promise<T> {
    return this.simulation.run(main);
  }
}

export const answersOf = ({ message }: Sent): readonly string[] =>
  message.answers.map((each) => recordText(each, each.data));

export const web = {
  name: "My Web (ü)",
  type: "_http._tcp",
  port: 80,
  texts: { path: "/", secure: true },
} as const;
