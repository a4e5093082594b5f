import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { bytesOf, loopback, makeStack, textOf } from "../../test/socket-stacks.ts";
import type { Datagram, UdpSocket } from "../devices/index.ts";

describe("Udp", () => {
  const to = (socket: UdpSocket): { address: string; port: number } => ({
    address: loopback,
    port: socket.local.port,
  });

  test("send() and receive() carry datagrams, on one address or all", async () => {
    const { udp } = makeStack();
    const all = udp.bind(0);
    const one = udp.bind(0, { address: loopback });
    one.send(bytesOf("hello"), to(all));
    const heard = await all.receive();
    expect(textOf(heard?.bytes)).toBe("hello");
    expect(heard?.from).toEqual(one.local);
    all.send(bytesOf("answer"), heard?.from ?? to(one));
    expect(await one.receive()).toMatchObject({ from: to(all), to: loopback });
  });

  test("bind() throws at once, when the port is taken or the address not ours", () => {
    const { udp } = makeStack();
    const taken = udp.bind(0, { address: loopback }).local;
    const bind = (port: number, address?: string) => (): UdpSocket =>
      udp.bind(port, address === undefined ? {} : { address });
    const inUse = expect.objectContaining({ name: "ProtocolError", code: "address-in-use" });
    expect(bind(taken.port, loopback)).toThrow(inUse);
    expect(bind(taken.port)).toThrow(inUse);
    expect(bind(0, "192.0.2.1")).toThrow(expect.objectContaining({ code: "no-route" }));
    expect(bind(70_000)).toThrow(RangeError);
  });

  test("receive() keeps what came before it, up to a bound, and ends with its signal", async () => {
    const { udp } = makeStack();
    const [one, other] = [udp.bind(0), udp.bind(0)];
    for (const text of ["a", "b"]) one.send(bytesOf(text), to(other));
    while (udp.counters["datagramsIn"] !== 2) await delay(1);
    expect(textOf((await other.receive())?.bytes)).toBe("a");
    expect(textOf((await other.receive())?.bytes)).toBe("b");
    const controller = new AbortController();
    const waiting = other.receive(controller.signal);
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    one.send(bytesOf("c"), to(other));
    expect(textOf((await other.receive())?.bytes)).toBe("c");
    const big = new Uint8Array(50_000);
    for (let index = 0; index < 40; index++) {
      one.send(big, to(other));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await delay(10);
    expect(udp.counters["droppedIn"]).toBeGreaterThan(0);
  });

  test("listen() gets datagrams instead", async () => {
    const { udp } = makeStack();
    const [one, other] = [udp.bind(0), udp.bind(0)];
    const heard: Datagram[] = [];
    other.listen((datagram) => void heard.push(datagram));
    one.send(bytesOf("x"), to(other));
    while (heard.length === 0) await delay(1);
    expect(heard[0]?.from.port).toBe(one.local.port);
  });

  test("send() says what cannot be sent", async () => {
    const { udp } = makeStack();
    const socket = udp.bind(0, { address: loopback });
    const send = (bytes: number, address: string, source?: string) => (): void =>
      socket.send(
        new Uint8Array(bytes),
        { address, port: 9 },
        source === undefined ? {} : { source },
      );
    const error = (code: string): unknown => expect.objectContaining({ code });
    expect(send(65_508, loopback)).toThrow(error("too-large"));
    expect(send(1, "::1")).toThrow(error("no-route"));
    expect(send(1, loopback, "192.0.2.1")).toThrow(error("no-route"));
    await socket[Symbol.asyncDispose]();
    expect(send(1, loopback)).toThrow(error("closed"));
    expect(() => socket.listen(() => {})).toThrow(error("closed"));
  });

  test("join() refuses what is no group, or of the other version of IP", () => {
    const { udp } = makeStack();
    const socket = udp.bind(0, { address: "0.0.0.0" });
    expect(() => socket.join(loopback)).toThrow(expect.objectContaining({ code: "no-route" }));
    expect(() => socket.join("ff02::1")).toThrow(expect.objectContaining({ code: "no-route" }));
  });
});
