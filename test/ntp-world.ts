/** Hosts with clocks of their own, on an Internet without layers below. */

import type { Udp, UdpSocket } from "../src/devices/index.ts";
import { connect, type NtpClient } from "../src/net/ntp/client.ts";
import { decode, encode, type NtpPacket } from "../src/net/ntp/packet.ts";
import { connect as serve, type NtpServer, type NtpServerOptions } from "../src/net/ntp/server.ts";
import { timestampOf } from "../src/net/ntp/timestamp.ts";
import { connect as connectUdp } from "../src/net/udp/udp.ts";
import { SimulatedClock, Simulation } from "../src/simulated/index.ts";
import { FakeInternet } from "./fake-ip.ts";

export class NtpWorld {
  readonly simulation: Simulation = new Simulation({
    seed: 1,
    turn: () => new Promise((resolve) => setImmediate(resolve)),
  });
  readonly internet: FakeInternet = new FakeInternet(this.simulation.timeline);
  readonly serverUdp: Udp = this.udp("10.0.0.1/24");
  readonly clientUdp: Udp = this.udp("10.0.0.2/24");

  udp(address: string): Udp {
    const v4 = this.internet.host(4, address);
    return connectUdp({ v4, random: this.simulation.random(address) });
  }

  /** A clock that says so at the beginning. */
  clock(startWallMs: number): SimulatedClock {
    return new SimulatedClock(this.simulation.timeline, { startWallMs });
  }

  client(startWallMs: number = 1e12): NtpClient {
    const clock = this.clock(startWallMs);
    return connect({ udp: this.clientUdp, clock, random: this.simulation.random("ntp") });
  }

  server(startWallMs: number = 1e12, options: Partial<NtpServerOptions> = {}): NtpServer {
    return serve({ udp: this.serverUdp, clock: this.clock(startWallMs), ...options });
  }

  /** A server that answers what a test makes of its right answer, after so many milliseconds. */
  impostor(
    answer: (
      right: NtpPacket,
      count: number,
    ) => { packet: NtpPacket; afterMs?: number } | undefined,
  ): UdpSocket {
    const socket = this.serverUdp.bind(123);
    const into = new Uint8Array(48);
    let count = 0;
    socket.listen(({ bytes, from }) => {
      const question = decode(bytes);
      if (question === undefined) return;
      count += 1;
      const now = timestampOf(1e12 + this.simulation.clock.monotonicMs());
      const right = { ...question, mode: 4, stratum: 2, precision: -20, origin: question.transmit };
      const made = answer({ ...right, receive: now, transmit: now, reference: now }, count);
      if (made === undefined) return;
      const message = into.slice(0, encode(made.packet, into));
      this.simulation.timeline.after(made.afterMs ?? 0, () => socket.send(message, from));
    });
    return socket;
  }
}

/** Plays in a simulation of its own. */
export async function inNtpWorld(body: (world: NtpWorld) => Promise<void>): Promise<void> {
  const world = new NtpWorld();
  await world.simulation.run(() => body(world));
}
