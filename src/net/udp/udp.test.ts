import { describe, expect, test } from "vitest";
import { FakeInternet, type FakeIp, type FakePacket } from "../../../test/fake-ip.ts";
import type { Datagram, Udp, UdpSocket } from "../../devices/index.ts";
import { Simulation } from "../../simulated/index.ts";
import { decode, encode } from "./packet.ts";
import { connect } from "./udp.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (datagram: Datagram | undefined): string => new TextDecoder().decode(datagram?.bytes);

interface World {
  readonly simulation: Simulation;
  readonly internet: FakeInternet;
  readonly ours: FakeIp;
  readonly us: Udp;
  readonly them: Udp;
}

/** Two hosts with both versions: 10.0.0.1 and fd00::1, 10.0.0.2 and fd00::2. */
function world(): World {
  const simulation = new Simulation({ seed: 1, turn });
  const internet = new FakeInternet(simulation.timeline);
  const udp = (index: number): { v4: FakeIp; udp: Udp } => {
    const v4 = internet.host(4, `10.0.0.${index}/24`);
    const v6 = internet.host(6, `fd00::${index}/64`);
    const icmp = internet.icmp(v4);
    const icmp6 = internet.icmp(v6);
    const both = {
      ...icmp,
      report: (packet: Uint8Array, type: number, code: number) =>
        ((packet[0] ?? 0) >> 4 === 6 ? icmp6 : icmp).report(packet, type, code),
      onReport: (listener: Parameters<typeof icmp.onReport>[0]) => {
        const stops = [icmp.onReport(listener), icmp6.onReport(listener)];
        return () => stops.forEach((stop) => stop());
      },
    };
    const random = simulation.random(`udp ${index}`);
    return { v4, udp: connect({ v4, v6, icmp: both, random }) };
  };
  const us = udp(1);
  const them = udp(2);
  return { simulation, internet, ours: us.v4, us: us.udp, them: them.udp };
}

/** Answers each datagram with itself. */
function echo(udp: Udp, port: number): UdpSocket {
  const socket = udp.bind(port);
  socket.listen(({ bytes, from, to }) => socket.send(bytes, from, { source: to }));
  return socket;
}

describe("datagrams", () => {
  test.each(["10.0.0.2", "fd00::2"])("go to %s and back", async (address) => {
    const { simulation, us, them } = world();
    echo(them, 7);
    const socket = us.bind(0);
    socket.send(bytes("hello"), { address, port: 7 }, { timeToLive: 9 });
    const answer = await simulation.run(() => socket.receive());
    expect(text(answer)).toBe("hello");
    expect(answer?.from).toEqual({ address, port: 7 });
    expect(answer?.to).toBe(address === "10.0.0.2" ? "10.0.0.1" : "fd00::1");
    expect(answer?.timeToLive).toBe(64);
    expect(socket.counters).toMatchObject({ datagramsIn: 1, datagramsOut: 1, bytesIn: 5 });
    expect(them.counters).toMatchObject({ datagramsIn: 1, datagramsOut: 1, bytesOut: 5 });
  });

  test("keep their order and their senders apart, whoever reads when", async () => {
    const { simulation, us, them } = world();
    const server = them.bind(7);
    const [one, other] = [us.bind(1001), us.bind(1002)];
    const first = server.receive();
    for (const [socket, message] of [
      [one, "a"],
      [other, "b"],
      [one, "c"],
    ] as const) {
      socket.send(bytes(message), { address: "10.0.0.2", port: 7 });
    }
    await simulation.run(async () => {
      const datagrams = [await first, await server.receive(), await server.receive()];
      expect(datagrams.map(text)).toEqual(["a", "b", "c"]);
      expect(datagrams.map((each) => each?.from.port)).toEqual([1001, 1002, 1001]);
    });
  });

  test("are kept up to a bound, then dropped and counted", async () => {
    const { simulation, us, them } = world();
    const server = them.bind(7);
    const socket = us.bind(0);
    for (let count = 0; count < 1100; count += 1) {
      socket.send(bytes("x"), { address: "10.0.0.2", port: 7 });
    }
    await simulation.run(() => simulation.clock.sleep(10));
    expect(server.counters).toMatchObject({ datagramsIn: 1024, droppedIn: 76 });
    expect(them.counters["droppedIn"]).toBe(76);
    // What waits goes to a listener that comes later.
    let heard = 0;
    server.listen(() => void (heard += 1));
    expect(heard).toBe(1024);
  });

  test("of many bytes are bounded by their bytes", async () => {
    const { simulation, us, them } = world();
    const server = them.bind(7);
    const socket = us.bind(0);
    for (let count = 0; count < 10; count += 1) {
      socket.send(new Uint8Array(60_000), { address: "10.0.0.2", port: 7 });
    }
    await simulation.run(() => simulation.clock.sleep(10));
    expect(server.counters).toMatchObject({ datagramsIn: 4, droppedIn: 6 });
  });

  test("that are damaged are counted by kind and dropped", async () => {
    const { simulation, internet, us, them } = world();
    const server = them.bind(7);
    const hear = (packet: FakePacket): void => internet.hostAt(packet.to)?.hear(packet);
    us.bind(1000).send(bytes("hello"), { address: "10.0.0.2", port: 7 });
    us.bind(1001).send(bytes("hello"), { address: "fd00::2", port: 7 });
    const [sent, sent6] = internet.packets;
    if (sent === undefined || sent6 === undefined) return expect.unreachable();
    sent.payload[8] = 0;
    await simulation.run(() => simulation.clock.sleep(10));
    expect(them.counters).toMatchObject({ badChecksum: 1, datagramsIn: 1 });
    // Without a checksum: right in IPv4, wrong in IPv6 (RFC 8200, 8.1).
    sent.payload.fill(0, 6, 8);
    sent6.payload.fill(0, 6, 8);
    hear(sent);
    hear(sent6);
    expect(them.counters).toMatchObject({ badChecksum: 2, datagramsIn: 2 });
    hear({ ...sent, payload: sent.payload.subarray(0, 7) });
    expect(them.counters).toMatchObject({ malformed: 1 });
    // Its checksum was left out by the link.
    const offload = { checksumOmitted: true, segmentBytes: 0 };
    hear({ ...sent6, offload });
    expect(them.counters).toMatchObject({ datagramsIn: 3 });
    expect(server.counters).toMatchObject({ datagramsIn: 3 });
  });

  test("leave their checksum out where the link lets them, unless they will be cut", () => {
    const { internet, ours, us } = world();
    ours.offloads = { checksum: true, segmentationBytes: 0 };
    const socket = us.bind(0);
    for (const size of [1472, 1473]) {
      socket.send(new Uint8Array(size), { address: "10.0.0.2", port: 7 });
    }
    const [whole, cut] = internet.packets;
    expect(whole?.offload?.checksumOmitted).toBe(true);
    expect(whole && decode(whole.payload)?.checksum).toBe(0);
    expect(cut?.offload?.checksumOmitted).toBe(false);
    expect(cut && decode(cut.payload)?.checksum).not.toBe(0);
  });

  test("are at most 65,507 bytes", () => {
    const { us } = world();
    const to = { address: "10.0.0.2", port: 7 };
    expect(() => us.bind(0).send(new Uint8Array(65_508), to)).toThrow(
      expect.objectContaining({ code: "too-large" }),
    );
    us.bind(0).send(new Uint8Array(65_507), to);
  });
});

describe("addresses", () => {
  test("send() takes a source that is ours or none yet, and refuses others", () => {
    const { internet, us } = world();
    const socket = us.bind(68);
    const to = { address: "255.255.255.255", port: 67 };
    socket.send(bytes("a"), to, { source: "0.0.0.0" });
    socket.send(bytes("b"), to, { source: "10.0.0.1" });
    expect(internet.packets.map(({ from }) => from)).toEqual(["0.0.0.0", "10.0.0.1"]);
    for (const source of ["10.0.0.9", "10.0.0.2", "fd00::1"]) {
      expect(() => socket.send(bytes("c"), to, { source })).toThrow(
        expect.objectContaining({ code: "no-route" }),
      );
    }
  });

  test("send() says what is no address or port", () => {
    const socket = world().us.bind(0);
    expect(() => socket.send(bytes("a"), { address: "nowhere", port: 7 })).toThrow(TypeError);
    expect(() => socket.send(bytes("a"), { address: "10.0.0.2", port: 65_536 })).toThrow(
      RangeError,
    );
  });

  test("bind() gives each its own: another's or no port is refused", () => {
    const { us } = world();
    us.bind(7, { address: "10.0.0.1" });
    us.bind(7, { address: "fd00::1" });
    us.bind(7, { address: "127.0.0.1" });
    us.bind(8, { address: "0.0.0.0" });
    us.bind(8, { address: "::" });
    us.bind(9);
    const inUse = expect.objectContaining({ code: "address-in-use" });
    for (const address of ["10.0.0.1", "0.0.0.0", "::"]) {
      expect(() => us.bind(7, { address })).toThrow(inUse);
      expect(() => us.bind(9, { address })).toThrow(inUse);
    }
    expect(() => us.bind(8)).toThrow(inUse);
    expect(() => us.bind(7, { address: "10.0.0.9" })).toThrow(
      expect.objectContaining({ code: "no-route" }),
    );
    expect(() => us.bind(65_536)).toThrow(RangeError);
    expect(() => us.bind(1.5)).toThrow(RangeError);
  });

  test("bind() frees the port with its socket", async () => {
    const { us } = world();
    const socket = us.bind(7);
    expect(socket.local).toEqual({ address: "::", port: 7 });
    await socket[Symbol.asyncDispose]();
    await socket[Symbol.asyncDispose]();
    us.bind(7);
  });

  test("a socket hears only what was sent to its address", async () => {
    const { simulation, ours, us, them } = world();
    ours.addresses = [...ours.addresses, "10.0.0.7/24"];
    const socket = us.bind(7, { address: "10.0.0.7" });
    const sender = them.bind(0);
    for (const address of ["10.0.0.1", "10.0.0.7", "255.255.255.255"]) {
      sender.send(bytes(address), { address, port: 7 });
    }
    await simulation.run(() => simulation.clock.sleep(10));
    await expect(sender.receive()).rejects.toMatchObject({ code: "refused" });
    expect(socket.counters.datagramsIn).toBe(1);
    const datagram = await socket.receive();
    expect(text(datagram)).toBe("10.0.0.7");
    socket.send(bytes("x"), { address: "10.0.0.2", port: sender.local.port });
    expect((await simulation.run(() => sender.receive()))?.from.address).toBe("10.0.0.7");
  });

  test("join() hears a group until it leaves", async () => {
    const { simulation, ours, us, them, internet } = world();
    const socket = us.bind(5353);
    const other = us.bind(5354);
    const to = { address: "224.0.0.251", port: 5353 };
    const sender = them.bind(0);
    sender.send(bytes("too early"), to);
    await simulation.run(() => simulation.clock.sleep(10));
    const leave = socket.join("224.0.0.251");
    other.join("224.0.0.251");
    expect(ours.groups).toEqual(["224.0.0.251", "224.0.0.251"]);
    sender.send(bytes("heard"), to);
    await simulation.run(() => simulation.clock.sleep(10));
    leave();
    leave();
    expect(ours.groups).toEqual(["224.0.0.251"]);
    sender.send(bytes("too late"), to);
    await simulation.run(() => simulation.clock.sleep(10));
    expect(socket.counters.datagramsIn).toBe(1);
    expect(text(await socket.receive())).toBe("heard");
    expect(internet.packets.map(({ timeToLive }) => timeToLive)).toEqual([1, 1, 1]);
    await other[Symbol.asyncDispose]();
    expect(ours.groups).toEqual([]);
    expect(() => socket.join("10.0.0.2")).toThrow(TypeError);
  });

  test("a version of IP that is not there has no route", () => {
    const simulation = new Simulation({ seed: 1, turn });
    const v4 = new FakeInternet(simulation.timeline).host(4, "10.0.0.1/24");
    const udp = connect({ v4, random: simulation.random("udp") });
    const noRoute = expect.objectContaining({ code: "no-route" });
    expect(udp.bind(7).local.address).toBe("0.0.0.0");
    expect(() => udp.bind(0).send(bytes("a"), { address: "fd00::2", port: 7 })).toThrow(noRoute);
    expect(() => udp.bind(0).join("ff02::fb")).toThrow(noRoute);
    expect(() => udp.bind(0, { address: "::1" })).toThrow(noRoute);
    v4.addresses = [];
    expect(() => udp.bind(0).send(bytes("a"), { address: "10.0.0.2", port: 7 })).toThrow(noRoute);
  });
});

describe("refusals", () => {
  /** A packet from 10.0.0.1, port 1000, to a port of 10.0.0.2, as an error quotes it. */
  function quote(destinationPort: number): Uint8Array {
    const packet = new Uint8Array(28);
    packet[0] = 0x45;
    packet[9] = 17;
    packet.set([10, 0, 0, 1, 10, 0, 0, 2], 12);
    encode(
      { sourcePort: 1000, destinationPort, checksum: 0, payload: new Uint8Array() },
      packet.subarray(20),
    );
    return packet;
  }

  test.each(["10.0.0.2", "fd00::2"])("of %s reach the socket that sent", async (address) => {
    const { simulation, internet, us, them } = world();
    const socket = us.bind(0);
    const reading = socket.receive();
    socket.send(bytes("anybody?"), { address, port: 9 });
    await expect(simulation.run(() => reading)).rejects.toMatchObject({
      cause: { code: "refused" },
    });
    expect(them.counters).toMatchObject({ noPort: 1 });
    expect(internet.reports).toEqual([
      address === "10.0.0.2" ? { type: 3, code: 3 } : { type: 1, code: 4 },
    ]);
    // The next read fails if none waits; then all is well.
    socket.send(bytes("anybody?"), { address, port: 9 });
    await simulation.run(() => simulation.clock.sleep(10));
    await expect(socket.receive()).rejects.toMatchObject({ code: "refused" });
    echo(them, 9);
    socket.send(bytes("anybody?"), { address, port: 9 });
    expect(text(await simulation.run(() => socket.receive()))).toBe("anybody?");
  });

  test("of datagrams that were never sent are ignored", async () => {
    const { simulation, internet, us, them } = world();
    them.bind(10);
    const socket = us.bind(1000);
    const attacker = internet.host(4, "10.0.0.66/24");
    const forged = quote(9);
    internet.icmp(attacker).report(forged, 3, 3);
    internet.icmp(attacker).report(forged.subarray(0, 22), 3, 3);
    socket.send(bytes("a"), { address: "10.0.0.2", port: 10 });
    const controller = new AbortController();
    const reading = socket.receive(controller.signal);
    await simulation.run(() => simulation.clock.sleep(10));
    controller.abort("nothing came");
    await expect(reading).rejects.toBe("nothing came");
  });

  test("of a later fragment are ignored: it begins with no ports", async () => {
    const { simulation, internet, us, them } = world();
    them.bind(10);
    const socket = us.bind(1000);
    socket.send(bytes("a"), { address: "10.0.0.2", port: 10 });
    const router = internet.host(4, "10.0.0.66/24");
    const quoted = quote(10);
    quoted[7] = 1;
    internet.icmp(router).report(quoted, 3, 3);
    const controller = new AbortController();
    const reading = socket.receive(controller.signal);
    await simulation.run(() => simulation.clock.sleep(10));
    controller.abort("nothing came");
    await expect(reading).rejects.toBe("nothing came");
    quoted[7] = 0;
    internet.icmp(router).report(quoted, 3, 3);
    await simulation.run(() => simulation.clock.sleep(10));
    await expect(socket.receive()).rejects.toMatchObject({ code: "refused" });
  });
});

describe("ends", () => {
  test("receive() gives undefined when the socket is disposed, and later too", async () => {
    const { us } = world();
    const socket = us.bind(0);
    const reading = socket.receive();
    await socket[Symbol.asyncDispose]();
    expect(await reading).toBeUndefined();
    expect(await socket.receive()).toBeUndefined();
    const closed = expect.objectContaining({ code: "closed" });
    expect(() => socket.send(bytes("a"), { address: "10.0.0.2", port: 7 })).toThrow(closed);
    expect(() => socket.listen(() => {})).toThrow(closed);
    expect(() => socket.join("224.0.0.1")).toThrow(closed);
  });

  test("receive() rejects with the signal's reason, and loses nothing", async () => {
    const { simulation, us, them } = world();
    const socket = us.bind(7);
    const controller = new AbortController();
    const reading = socket.receive(controller.signal);
    const reason = new Error("enough");
    controller.abort(reason);
    await expect(reading).rejects.toBe(reason);
    await expect(socket.receive(controller.signal)).rejects.toBe(reason);
    them.bind(0).send(bytes("late"), { address: "10.0.0.1", port: 7 });
    expect(text(await simulation.run(() => socket.receive()))).toBe("late");
  });

  test("disposing UDP ends its sockets and lets go of the layers below", async () => {
    const { ours, us } = world();
    const socket = us.bind(7);
    const reading = socket.receive();
    await us[Symbol.asyncDispose]();
    await us[Symbol.asyncDispose]();
    expect(await reading).toBeUndefined();
    expect(ours.receivers.size).toBe(0);
    expect(ours.reportListeners.size).toBe(0);
    expect(() => us.bind(8)).toThrow(expect.objectContaining({ code: "closed" }));
  });
});
