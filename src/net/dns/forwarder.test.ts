import { describe, expect, test } from "vitest";
import { bytesOf, dnsWorld, emptyReply, record, type DnsWorld } from "../../../test/dns-world.ts";
import { recordText } from "../../../test/name-server-world.ts";
import { connect as connectUdp } from "../udp/udp.ts";
import { connect, type Forwarder, type ForwarderOptions } from "./forwarder.ts";
import { readName } from "./domain.ts";
import { decode, recordType, type DnsPacket, type DnsQuestion } from "./packet.ts";

/** What a server says to a question; nothing, if it is silent. */
type Says = (question: DnsQuestion, query: DnsPacket) => Partial<DnsPacket> | undefined;

interface World extends DnsWorld {
  readonly forwarder: Forwarder;
  /** Asks; gives the code and the records as text. */
  readonly ask: (name: string, type?: keyof typeof recordType) => Promise<readonly string[]>;
  readonly pass: (ms: number) => Promise<void>;
  /** Names in the letters in which they were asked. */
  readonly letters: string[];
}

/** A forwarder at 10.0.0.1, and the server that it asks, which copies questions as they are. */
function world(says: Says, options: Partial<ForwarderOptions> = {}): World {
  const known = dnsWorld();
  const { simulation, internet, udp } = known;
  const letters: string[] = [];
  const v4 = internet.host(4, "10.0.0.53/24");
  const socket = connectUdp({ v4, random: simulation.random("server") }).bind(53);
  socket.listen(({ bytes, from }) => {
    const query = decode(bytes);
    const [question] = query?.questions ?? [];
    if (query === undefined || question === undefined) throw new Error("That is no query");
    letters.push(readName(bytes, 12)?.name ?? "");
    const answer = says(question, query);
    if (answer === undefined) return;
    const reply = bytesOf({ ...emptyReply(query), ...answer });
    reply.set(bytes.subarray(12, 12 + question.name.length + 2), 12);
    socket.send(reply, from);
  });
  const forwarder = connect({
    udp,
    clock: simulation.clock,
    random: simulation.random("forwarder"),
    servers: ["10.0.0.53"],
    ...options,
  });
  const ask: World["ask"] = async (name, type = "A") => {
    const question = { name, type: recordType[type], class: 1 };
    const { code, answers, authorities } = await forwarder.ask(question);
    const texts = [...answers, ...authorities].flat().map((each) => recordText(each, each.data));
    return [String(code), ...texts];
  };
  return {
    ...known,
    forwarder,
    letters,
    ask: (name, type) => simulation.run(() => ask(name, type)),
    pass: (ms) => simulation.run(() => simulation.clock.sleep(ms)),
  };
}

/** An SOA record whose last field is 60. */
const soa = (name: string, ttlSeconds = 100): ReturnType<typeof record> =>
  record(
    name,
    "SOA",
    Uint8Array.from({ length: 22 }, (_, at) => (at === 21 ? 60 : 0)),
    ttlSeconds,
  );
const soaText = " SOA . . 0 0 0 0 60";

const oneAddress: Says = ({ name, type }) => ({
  answers: type === 1 ? [record(name, "A", "192.0.2.1", 30)] : [],
});

describe("ask()", () => {
  test("keeps what a server says for as long as it may, counting down", async () => {
    const { ask, pass, letters, forwarder } = world(oneAddress);
    expect(await ask("host.example")).toEqual(["0", "host.example 30 A 192.0.2.1"]);
    await pass(10_000);
    expect(await ask("HOST.example")).toEqual(["0", "host.example 20 A 192.0.2.1"]);
    expect(letters).toHaveLength(1);
    await pass(20_000);
    expect(await ask("host.example")).toEqual(["0", "host.example 30 A 192.0.2.1"]);
    expect(letters).toHaveLength(2);
    expect(forwarder.counters).toMatchObject({ hits: 1, misses: 2, queries: 2 });
  });

  test("keeps nothing that has no time to live, or a senseless one", async () => {
    for (const ttl of [0, 0x8000_0000]) {
      const { ask, letters } = world(({ name }) => ({
        answers: [record(name, "A", "192.0.2.1", ttl)],
      }));
      expect(await ask("host.example")).toEqual(["0", "host.example 0 A 192.0.2.1"]);
      await ask("host.example");
      expect(letters).toHaveLength(2);
    }
  });

  test("keeps that there is no such name for all types, and for the lesser time", async () => {
    const { ask, pass, letters } = world(() => ({ flags: 0x8183, authorities: [soa("example")] }));
    expect(await ask("no.example")).toEqual(["3", `example 100${soaText}`]);
    await pass(59_000);
    expect(await ask("no.example", "MX")).toEqual(["3", `example 41${soaText}`]);
    expect(letters).toHaveLength(1);
    await pass(1000);
    await ask("no.example");
    expect(letters).toHaveLength(2);
  });

  test("keeps that there is no such record for this type alone", async () => {
    const { ask, letters } = world(() => ({ authorities: [soa("example")] }));
    expect(await ask("no.example")).toEqual(["0", `example 100${soaText}`]);
    await ask("no.example");
    expect(letters).toHaveLength(1);
    await ask("no.example", "MX");
    expect(letters).toHaveLength(2);
  });

  test("gives aliases in their order, and keeps them for the least of their times", async () => {
    const { ask, pass, letters } = world(() => ({
      answers: [
        record("third.example", "A", "192.0.2.1", 50),
        record("second.example", "CNAME", "third.example", 40),
        record("first.example", "CNAME", "second.example", 60),
      ],
    }));
    expect(await ask("first.example")).toEqual([
      "0",
      "first.example 60 CNAME second.example.",
      "second.example 40 CNAME third.example.",
      "third.example 50 A 192.0.2.1",
    ]);
    await pass(39_000);
    await ask("first.example");
    expect(letters).toHaveLength(1);
    await pass(1000);
    await ask("first.example");
    expect(letters).toHaveLength(2);
  });

  test("asks once for all who ask the same at the same time", async () => {
    const { forwarder, simulation, letters } = world(oneAddress);
    const question = { name: "host.example", type: 1, class: 1 };
    const all = await simulation.run(() =>
      Promise.all(Array.from({ length: 20 }, () => forwarder.ask(question))),
    );
    expect(all.every(({ answers }) => answers.length === 1)).toBe(true);
    expect(letters).toHaveLength(1);
  });

  test("fails at the deadline, and remembers that for a while", async () => {
    const { ask, pass, letters, simulation } = world(() => undefined, { deadlineMs: 2000 });
    const startMs = simulation.clock.monotonicMs();
    expect(await ask("host.example")).toEqual(["2"]);
    expect(Math.round(simulation.clock.monotonicMs() - startMs)).toBe(2000);
    const before = letters.length;
    expect(await ask("host.example")).toEqual(["2"]);
    expect(letters).toHaveLength(before);
    await pass(5000);
    await ask("host.example");
    expect(letters.length).toBeGreaterThan(before);
  });

  test.each([
    ["fails", { flags: 0x8182 }],
    ["refuses", { flags: 0x8185 }],
    ["sends data that is none", { answers: [record("host.example", "A", Uint8Array.of(1))] }],
  ])("fails where a server %s", async (_, answer) => {
    const { ask } = world(() => answer);
    expect(await ask("host.example")).toEqual(["2"]);
  });

  test("fails at once beyond what may wait", async () => {
    const { forwarder, simulation, letters } = world(oneAddress, { maxWaiting: 3 });
    const codes = await simulation.run(() =>
      Promise.all(
        Array.from({ length: 5 }, (_, index) =>
          forwarder.ask({ name: `${index}.example`, type: 1, class: 1 }).then(({ code }) => code),
        ),
      ),
    );
    expect(codes).toEqual([0, 0, 0, 2, 2]);
    expect(letters).toHaveLength(3);
    expect(forwarder.counters["overloads"]).toBe(2);
  });

  test("asks in random letters, each time in others, and for names of any bytes", async () => {
    const { ask, letters } = world(({ name }) => ({
      answers: [record(name, "A", "192.0.2.1", 0)],
    }));
    for (let count = 0; count < 5; count += 1) await ask("a-long-name.in.example");
    expect(new Set(letters).size).toBe(5);
    expect(new Set(letters.map((each) => each.toLowerCase())).size).toBe(1);
    // A server of the test writes names without escapes: only the question counts here.
    await ask("my\\032printer.example").catch(() => {});
    expect(letters.at(-1)?.toLowerCase()).toBe("my\\032printer.example");
  });

  test("gives up when whoever asked does, and after it was disposed", async () => {
    const { forwarder, simulation } = world(() => undefined);
    const question = { name: "host.example", type: 1, class: 1 };
    const controller = new AbortController();
    const asked = simulation.run(() => forwarder.ask(question, controller.signal));
    controller.abort(new Error("Gone"));
    expect((await asked).code).toBe(2);
    const again = simulation.run(async () => {
      const late = forwarder.ask(question);
      await forwarder[Symbol.asyncDispose]();
      return late;
    });
    expect((await again).code).toBe(2);
    expect((await simulation.run(() => forwarder.ask(question))).code).toBe(2);
  });
});

test("setServers() forgets what others said, and refuses what is no address", async () => {
  const { ask, forwarder, letters } = world(oneAddress);
  await ask("host.example");
  forwarder.setServers(["10.0.0.53"]);
  await ask("host.example");
  expect(letters).toHaveLength(2);
  expect(() => forwarder.setServers(["dns.example"])).toThrow(TypeError);
});
