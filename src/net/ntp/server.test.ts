import { expect, test } from "vitest";
import { inNtpWorld, type NtpWorld } from "../../../test/ntp-world.ts";
import { usedBytes } from "../../../test/used-bytes.ts";
import { decode, encode, identifierOf, type NtpPacket } from "./packet.ts";
import { timestampOf } from "./timestamp.ts";

const question: NtpPacket = {
  leap: 0,
  version: 4,
  mode: 3,
  stratum: 0,
  poll: 6,
  precision: 0,
  rootDelay: 0,
  rootDispersion: 0,
  referenceId: 0,
  reference: 0n,
  origin: 0n,
  receive: 0n,
  transmit: 42n,
};

/** Sends messages, and gives the answers to them. */
async function ask(world: NtpWorld, ...messages: readonly Uint8Array[]): Promise<NtpPacket[]> {
  const socket = world.clientUdp.bind(0);
  const answers: NtpPacket[] = [];
  socket.listen(({ bytes }) => {
    expect(bytes.length).toBe(48);
    const answer = decode(bytes.slice());
    if (answer !== undefined) answers.push(answer);
  });
  for (const message of messages) socket.send(message, { address: "10.0.0.1", port: 123 });
  await world.simulation.clock.sleep(5);
  await socket[Symbol.asyncDispose]();
  return answers;
}

/** Lets the server hear a question as often, whoever it says it is from. */
function hear(world: NtpWorld, from: string, count: number): void {
  const payload = new Uint8Array(56);
  payload.set([0, 123, 0, 123, 0, 56]);
  payload.set(message(), 8);
  const packet = { from, to: "10.0.0.1", protocol: 17, payload, timeToLive: 64 };
  const host = world.internet.hostAt("10.0.0.1");
  for (let number = 0; number < count; number += 1) host?.hear({ ...packet, offload: undefined });
}

function message(changes: Partial<NtpPacket> = {}): Uint8Array {
  const into = new Uint8Array(48);
  encode({ ...question, ...changes }, into);
  return into;
}

test("answers have what was asked with, and the times of receiving and sending", () =>
  inNtpWorld(async (world) => {
    world.server(1e12);
    const [answer] = await ask(world, message({ version: 3 }));
    expect(answer).toMatchObject({
      mode: 4,
      version: 3,
      leap: 0,
      stratum: 10,
      poll: 6,
      origin: 42n,
    });
    expect(answer?.referenceId).toBe(identifierOf("LOCL"));
    const fromMs = timestampOf(1e12);
    expect(answer?.receive).toBeGreaterThan(fromMs);
    expect(answer?.transmit).toBeGreaterThanOrEqual(answer?.receive ?? 0n);
    expect(answer?.transmit).toBeLessThan(timestampOf(1e12 + 5));
    expect(answer?.rootDispersion).toBeGreaterThan(0);
  }));

test("announce() says what the clock is, and when it is not set", () =>
  inNtpWorld(async (world) => {
    const server = world.server(1e12, { status: { stratum: 1, reference: "GPS" } });
    server.announce({ leap: "insert", rootDelayMs: 500 });
    const [first] = await ask(world, message());
    const half = 0x8000;
    expect(first).toMatchObject({ leap: 1, stratum: 1, rootDelay: half });
    expect(first?.referenceId).toBe(identifierOf("GPS\0"));
    server.announce({ stratum: undefined, reference: "10.0.0.9" });
    const [second] = await ask(world, message());
    expect(second).toMatchObject({ leap: 3, stratum: 16, referenceId: 0x0a00_0009, reference: 0n });
    expect(() => server.announce({ stratum: 16 })).toThrow(RangeError);
    expect(() => server.announce({ reference: "nobody" })).toThrow(TypeError);
  }));

test.each([
  ["too short", message().subarray(0, 47)],
  ["an answer", message({ mode: 4 })],
  ["a broadcast", message({ mode: 5 })],
  ["a control message", message({ mode: 6 })],
  ["a private one", message({ mode: 7 })],
  ["of no version", message({ version: 0 })],
  ["of a version to come", message({ version: 5 })],
])("what is %s is not answered", (_, bytes) =>
  inNtpWorld(async (world) => {
    const server = world.server();
    expect(await ask(world, bytes)).toEqual([]);
    expect(server.counters).toMatchObject({ malformed: 1, answers: 0 });
  }),
);

test("who asks too often is told once, and then not answered", () =>
  inNtpWorld(async (world) => {
    const server = world.server();
    const answers = await ask(world, ...Array.from({ length: 50 }, () => message()));
    expect(answers).toHaveLength(17);
    expect(answers.at(-1)).toMatchObject({ leap: 3, stratum: 0, origin: 42n });
    expect(answers.at(-1)?.referenceId).toBe(identifierOf("RATE"));
    expect(server.counters).toMatchObject({ answers: 16, kisses: 1, limited: 33 });
    await world.simulation.clock.sleep(4000);
    expect((await ask(world, message()))[0]?.stratum).toBe(10);
  }));

test("who asks far too often takes nothing from others", () =>
  inNtpWorld(async (world) => {
    const server = world.server();
    hear(world, "10.1.0.1", 2500);
    hear(world, "10.1.0.2", 1);
    expect(server.counters).toMatchObject({ answers: 17, kisses: 1, limited: 2483 });
  }));

test("questions of many who do not exist cost little, and are answered up to a limit", () =>
  inNtpWorld(async (world) => {
    const server = world.server();
    const before = usedBytes();
    for (let number = 0; number < 2500; number += 1) {
      hear(world, `10.1.${number >> 8}.${number & 255}`, 1);
      if (number % 500 === 0) world.internet.packets.length = 0;
    }
    world.internet.packets.length = 0;
    await world.simulation.clock.sleep(10);
    expect(server.counters["answers"]).toBe(2000);
    expect(server.counters["limited"]).toBe(500);
    expect(usedBytes() - before).toBeLessThan(2e6);
  }));
