/**
 * Two whole stacks that talk to each other over a link which hands on every frame and, often,
 * mutated copies of it: real captures of the moment, so that sequence numbers, identifications and
 * addresses are right but for what was changed. Nothing may throw, and nothing may grow.
 */

import type {
  FrameReceiver,
  FrameWriter,
  Icmp,
  Ip,
  Network,
  Tcp,
  Udp,
} from "../../src/devices/index.ts";
import { connect as connectArp } from "../../src/net/arp/arp.ts";
import { encode as encodeDhcp, operation, option } from "../../src/net/dhcp/packet.ts";
import { connect as connectDhcpServer } from "../../src/net/dhcp/server.ts";
import { connect as connectEthernet } from "../../src/net/ethernet/ethernet.ts";
import { connect as connectIcmp } from "../../src/net/icmp/icmp.ts";
import { headerOptions } from "../../src/net/ipv4/header-options.ts";
import { connect as connectIpv4 } from "../../src/net/ipv4/ipv4.ts";
import { connect as connectIpv6 } from "../../src/net/ipv6/ipv6.ts";
import { connect as connectTcp } from "../../src/net/tcp/tcp.ts";
import { connect as connectUdp } from "../../src/net/udp/udp.ts";
import { type Generator, seededGenerator } from "../../src/simulated/generator.ts";
import { SimulatedRandom } from "../../src/simulated/random.ts";
import { ManualClock } from "./manual-clock.ts";
import { mutate } from "./mutate.ts";

/** Sees each frame before it is handed on. */
export type Watch = (frame: Uint8Array) => void;

/** One end of the link: frames wait until they are delivered. */
class End implements Network {
  readonly counters = {
    framesIn: 0,
    framesOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    droppedIn: 0,
    droppedOut: 0,
  };
  readonly mac: Uint8Array;
  readonly mtu = 1500;
  readonly offloads = { checksum: false, segmentationBytes: 0 };
  readonly linkUp = true;
  readonly sent: Uint8Array[] = [];
  receiver: FrameReceiver | undefined;

  constructor(number: number) {
    this.mac = Uint8Array.of(2, 0, 0, 0, 0, number);
  }

  write(sizeBytes: number, fill: FrameWriter): void {
    // As a link that is full: a host that floods another loses frames.
    if (this.sent.length > 200) return;
    const frame = new Uint8Array(sizeBytes);
    this.sent.push(frame.subarray(0, fill(frame)));
  }

  listen(receiver: FrameReceiver): void {
    this.receiver = receiver;
  }

  onLinkChange(): () => void {
    return () => {};
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** Options that every host on the way writes in. */
const recordRouteAndTime = Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 68, 8, 5, 0, 0, 0, 0, 0, 0);

interface Host {
  readonly end: End;
  readonly tcp: Tcp;
  readonly udp: Udp;
  readonly icmp: Icmp;
  readonly v4: Ip;
  readonly addresses: readonly [string, string];
}

async function makeHost(number: number, clock: ManualClock, seed: number): Promise<Host> {
  const end = new End(number);
  const random = new SimulatedRandom(seed, `host ${number}`);
  const ethernet = connectEthernet({ network: end });
  const arp = connectArp({ ethernet, clock, random });
  const v4 = connectIpv4({ ethernet, arp, clock, random, headerOptions });
  const address = Uint8Array.of(10, 0, 0, number);
  await v4.configure({ address, prefixLength: 24, isFixed: true });
  const address6 = Uint8Array.of(0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, number);
  const addresses = [{ address: address6, length: 64 }];
  const v6 = connectIpv6({ ethernet, clock, random, addresses });
  const icmp = connectIcmp({ v4, v6, clock, random });
  const udp = connectUdp({ v4, v6, icmp, random });
  const tcp = connectTcp({ v4, v6, icmp, clock, random });
  return { end, tcp, udp, icmp, v4, addresses: [`10.0.0.${number}`, `fd00::${number}`] };
}

/** Lets a host echo on port 7. */
function serve({ tcp, udp }: Host): void {
  tcp.listen(7, async (flow) => {
    try {
      for (let bytes = await flow.read(); bytes !== undefined; bytes = await flow.read()) {
        await flow.write(bytes);
      }
    } finally {
      await flow[Symbol.asyncDispose]();
    }
  });
  const socket = udp.bind(7);
  socket.listen(({ bytes, from }) => {
    try {
      socket.send(bytes.slice(), from);
    } catch {
      // Whoever it claims to be from cannot be reached.
    }
  });
}

/** Lets a host give addresses of the other half of the network. */
async function serveDhcp({ udp, icmp, v4, addresses }: Host, clock: ManualClock): Promise<void> {
  await connectDhcpServer({
    stack: { udp, icmp, ip: { v4, v6: undefined } },
    clock,
    address: addresses[0],
    subnets: [{ network: "10.0.0.0/24", ranges: [["10.0.0.128", "10.0.0.200"]] }],
    maxLeases: 20,
    isAuthoritative: true,
  });
}

/** A message to a DHCP server, of any kind, from any of a few clients. */
function dhcpMessage(random: Generator): Uint8Array {
  const pick = (count: number): number => random.below(count);
  const address = Uint8Array.of(10, 0, 0, 128 + pick(80));
  const none = new Uint8Array(4);
  const options = new Map<number, Uint8Array>([
    [option.messageType, Uint8Array.of(pick(9))],
    [option.parameterList, Uint8Array.of(1, 3, 6, 15, 28, 42)],
  ]);
  if (random.chance(0.7)) options.set(option.requestedAddress, address);
  if (random.chance(0.5)) options.set(option.serverId, Uint8Array.of(10, 0, 0, 1 + pick(2)));
  const message = new Uint8Array(1000);
  const packet = {
    op: operation.request,
    xid: pick(9),
    secs: 0,
    flags: random.chance(0.5) ? 0x8000 : 0,
    ciaddr: random.chance(0.5) ? address : none,
    yiaddr: none,
    giaddr: random.chance(0.1) ? Uint8Array.of(10, 0, 0, 1) : none,
    chaddr: Uint8Array.of(2, 0, 0, 0, 1, pick(40)),
    options,
  };
  return message.subarray(0, encodeDhcp(packet, message));
}

/** Lets a host talk to the other for ever, whatever becomes of it. */
async function talk(
  { tcp, udp, icmp }: Host,
  other: Host,
  clock: ManualClock,
  random: Generator,
): Promise<never> {
  const socket = udp.bind(0);
  for (;;) {
    const address = other.addresses[random.chance(0.5) ? 0 : 1];
    void icmp
      .echo(address, { payloadBytes: Math.floor(random.fraction() ** 4 * 5000) })
      .catch(() => {});
    try {
      const everyone = { address: "255.255.255.255", port: 67 };
      if (random.chance(0.5)) socket.send(dhcpMessage(random), everyone, { source: "0.0.0.0" });
      const to = { address, port: random.chance(0.9) ? 7 : 6 };
      const options = random.chance(0.2) ? { ipOptions: recordRouteAndTime } : {};
      socket.send(new Uint8Array(Math.floor(random.fraction() ** 4 * 4000)), to, options);
      const flow = await tcp.connect({ address, port: 7 }, { userTimeoutMs: 10_000 });
      const exchange = async (): Promise<void> => {
        const bytes = new Uint8Array(Math.floor(random.fraction() ** 2 * 60_000)).fill(7);
        await (random.chance(0.2) ? flow.writeUrgent?.(bytes) : flow.write(bytes));
        await flow.read();
        if (random.chance(0.5)) await flow.shutdown("write");
        await flow.read();
      };
      // A mutated acknowledgment can make both wait for ever.
      await Promise.race([exchange().catch(() => {}), clock.sleep(3000)]);
      if (random.chance(0.1)) flow.abort();
      await flow[Symbol.asyncDispose]();
    } catch {
      // It was reset, timed out or refused, as the mutated frames would have it.
    }
  }
}

/**
 * Feeds `inputs` mutated frames to the two hosts. Rejects if anything throws.
 *
 * @param watch sees every mutated frame before it is delivered
 */
export async function fuzzStack(seed: number, inputs: number, watch: Watch): Promise<void> {
  const random = seededGenerator(seed, "fuzz");
  const clock = new ManualClock();
  const hosts = [await makeHost(1, clock, seed), await makeHost(2, clock, seed)] as const;
  for (const host of hosts) {
    serve(host);
    await serveDhcp(host, clock);
  }
  void talk(hosts[0], hosts[1], clock, random);
  void talk(hosts[1], hosts[0], clock, random);
  let last: Uint8Array = new Uint8Array(60);
  let count = 0;
  while (count < inputs) {
    // Before, another host could take our addresses, and nothing would be left to try.
    const share = clock.wallMs() > 10_000 ? 0.92 : 0;
    for (const [from, to] of [
      [hosts[0], hosts[1]],
      [hosts[1], hosts[0]],
    ] as const) {
      for (const frame of from.end.sent.splice(0)) {
        to.end.receiver?.frame(frame.slice());
        for (; random.chance(share) && count < inputs; count += 1) {
          const mutated = mutate(frame, last, random);
          watch(mutated);
          to.end.receiver?.frame(mutated);
        }
        if (random.chance(0.1)) last = frame;
      }
      to.end.receiver?.batchEnd?.();
    }
    clock.advance(random.fraction() ** 4 * 500);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
