import { describe, expect, test } from "vitest";
import {
  framed,
  nameServerWorld,
  queryOf,
  zoneOf,
  type NameServerWorld,
} from "../../../test/name-server-world.ts";
import type { Forwarder } from "./forwarder.ts";

const web = ["www.example 3600 A 192.0.2.80", "www.example 3600 A 192.0.2.81"];
const negative = "example 300 SOA ns.example. admin.example. 7 7200 600 604800 300";

function counted(world: NameServerWorld): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(world.server.counters).filter(([, count]) => count > 0));
}

/** Sends bytes without waiting for an answer. */
async function send(world: NameServerWorld, ...messages: readonly Uint8Array[]): Promise<void> {
  await world.simulation.run(async () => {
    const socket = world.client.udp.bind(0);
    for (const each of messages) socket.send(each, { address: "10.0.0.53", port: 53 });
    await world.simulation.clock.sleep(100);
    await socket[Symbol.asyncDispose]();
  });
}

describe("over UDP", () => {
  test("a query is answered with its id, its question letter by letter, and AA", async () => {
    const world = await nameServerWorld();
    expect(await world.ask(queryOf("wWw.eXample", "A", { flags: 0x100 }))).toEqual({
      code: 0,
      flags: "aa rd",
      questions: ["wWw.eXample A"],
      // Their names are pointers to the question's.
      answers: web.map((each) => each.replace("www.example", "wWw.eXample")),
      authorities: [],
      additionals: [],
      edns: undefined,
      bytes: 12 + 17 + 2 * 16,
    });
    expect(counted(world)).toEqual({ udpQueries: 1, answers: 1 });
  });

  test("what is not there is answered with the SOA record", async () => {
    const world = await nameServerWorld();
    const missing = await world.ask(queryOf("no.example", "A"));
    expect(missing).toMatchObject({ code: 3, answers: [], authorities: [negative] });
    const empty = await world.ask(queryOf("www.example", "MX"));
    expect(empty).toMatchObject({ code: 0, flags: "aa", authorities: [negative] });
    const referral = await world.ask(queryOf("x.sub.example", "A"));
    expect(referral).toMatchObject({ code: 0, flags: "", answers: [] });
    expect(referral?.additionals).toEqual(["ns.sub.example 3600 A 192.0.2.53"]);
    expect(counted(world)).toEqual({ udpQueries: 3, noSuchName: 1, noData: 1, referrals: 1 });
  });

  test.each([
    ["a name that is not ours", queryOf("example.test", "A"), 5, "refused"],
    ["another class", queryOf("www.example", "A", { class: 3 }), 5, "refused"],
    ["a transfer", queryOf("example", 252), 5, "refused"],
    ["an incremental transfer", queryOf("example", 251), 5, "refused"],
    ["a type that is no question", queryOf("example", 250), 4, "notImplemented"],
    [
      "an opcode that we do not have",
      queryOf("example", "A", { flags: 0x2800 }),
      4,
      "notImplemented",
    ],
    ["no question", Uint8Array.of(0, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0), 1, "formatErrors"],
    ["a name without end", queryOf("www.example", "A").subarray(0, 20), 1, "formatErrors"],
  ])("%s is answered with a code", async (_, query, code, counter) => {
    const world = await nameServerWorld();
    const reply = await world.ask(query);
    expect(reply).toMatchObject({ code, answers: [], authorities: [], additionals: [] });
    expect(counted(world)).toEqual({ udpQueries: 1, [counter]: 1 });
  });

  test("two questions are not understood", async () => {
    const world = await nameServerWorld();
    const query = queryOf("www.example", "A");
    query[5] = 2;
    const two = Uint8Array.from([...query, ...query.subarray(12)]);
    expect(await world.ask(two)).toMatchObject({ code: 1, questions: [] });
  });

  test("answers, and what has no header, are not answered", async () => {
    const world = await nameServerWorld();
    await send(world, queryOf("www.example", "A", { flags: 0x8000 }), new Uint8Array(11));
    expect(counted(world)).toEqual({ responses: 1, malformed: 1 });
    expect(world.client.udp.counters["datagramsIn"]).toBe(0);
  });

  test("what does not fit 512 bytes is cut, with EDNS 1,232, and what is left is whole", async () => {
    const world = await nameServerWorld();
    const plain = await world.ask(queryOf("large.example", "TXT"));
    expect(plain).toMatchObject({ code: 0, flags: "aa tc", answers: [] });
    const large = await world.ask(queryOf("large.example", "TXT", { edns: [4096] }));
    expect(large).toMatchObject({ flags: "aa tc", answers: [], edns: [1232, 0] });
    expect(counted(world)).toMatchObject({ truncated: 2 });
  });

  test("sizes below 512 bytes count as 512", async () => {
    const world = await nameServerWorld();
    const mail = await world.ask(queryOf("example", "MX", { edns: [100] }));
    expect(mail).toMatchObject({ flags: "aa", edns: [1232, 0] });
    expect(mail?.additionals).toHaveLength(2);
  });

  test("addresses that do not fit are left out, and mark a referral as cut", async () => {
    const many = Array.from({ length: 40 }, (_, index) => `A 192.0.2.${index}`).join("\n ");
    const text = `@ 9 SOA a b 1 2 3 4 5\n NS a\n MX 10 a\na ${many}\nsub NS ns.sub\nns.sub ${many}`;
    const world = await nameServerWorld(() => ({ zones: [zoneOf(text)] }));
    const mail = await world.ask(queryOf("example", "MX"));
    expect(mail).toMatchObject({ flags: "aa", answers: ["example 9 MX 10 a.example."] });
    expect(mail?.additionals).toEqual([]);
    const referral = await world.ask(queryOf("x.sub.example", "A"));
    expect(referral).toMatchObject({ flags: "tc", additionals: [] });
    expect(referral?.authorities).toHaveLength(1);
  });

  test("EDNS is answered with ours, and the DO bit as it came", async () => {
    const world = await nameServerWorld();
    const reply = await world.ask(queryOf("www.example", "A", { edns: [1400, 0x8000] }));
    expect(reply).toMatchObject({ code: 0, answers: web, edns: [1232, 0x8000] });
  });

  test("another version of EDNS is answered with BADVERS", async () => {
    const world = await nameServerWorld();
    const reply = await world.ask(queryOf("www.example", "A", { edns: [1232, 0x0001_0000] }));
    // Its upper bits are in the OPT record: 16 is 1 there and 0 in the header.
    expect(reply).toMatchObject({ code: 0, answers: [], edns: [1232, 0x0100_0000] });
    expect(counted(world)).toEqual({ udpQueries: 1, badVersions: 1 });
  });

  test("two OPT records are not understood, nor one of a name", async () => {
    const world = await nameServerWorld();
    const query = queryOf("www.example", "A", { edns: [1232] });
    const two = Uint8Array.from([...query, ...query.subarray(-11)]);
    two[11] = 2;
    expect(await world.ask(two)).toMatchObject({ code: 1, edns: undefined });
    const named = Uint8Array.from([...query.subarray(0, -11), 1, 0x61, ...query.subarray(-11)]);
    expect(await world.ask(named)).toMatchObject({ code: 1 });
  });

  test("options and flags of EDNS that are not known are ignored", async () => {
    const world = await nameServerWorld();
    const query = queryOf("www.example", "A", { edns: [1232, 0x7fff] });
    query[query.length - 1] = 6;
    const withOption = Uint8Array.from([...query, 0xfd, 0xe9, 0, 2, 1, 2]);
    expect(await world.ask(withOption)).toMatchObject({ answers: web, edns: [1232, 0] });
  });

  test("who speaks EDNS is refused with it", async () => {
    const world = await nameServerWorld();
    const unknown = queryOf("www.example", "A", { flags: 0x2000, edns: [1232] });
    expect(await world.ask(unknown)).toMatchObject({ code: 4, edns: [1232, 0] });
    const refused = queryOf("www.test", "A", { edns: [1232] });
    expect(await world.ask(refused)).toMatchObject({ code: 5, edns: [1232, 0] });
  });

  test("one set of records is enough for all types, and all come over TCP", async () => {
    const world = await nameServerWorld();
    const any = queryOf("www.example", 255);
    expect((await world.ask(any))?.answers).toEqual(web);
    const [reply] = await world.askOverTcp(framed(any), 1);
    expect(reply?.answers).toEqual([...web, 'www.example 3600 TXT "a text"']);
  });

  test("equal answers to one network are limited, others are not", async () => {
    const world = await nameServerWorld();
    const queries = Array.from({ length: 60 }, () => queryOf("www.example", "A"));
    await send(world, ...queries);
    const { limited = 0, limitedCut = 0 } = counted(world);
    expect([limited > 15, limitedCut > 15]).toEqual([true, true]);
    expect(world.client.udp.counters["datagramsIn"]).toBe(60 - limited);
    expect(await world.ask(queryOf("mail.example", "A"))).toMatchObject({ flags: "aa" });
    const [reply] = await world.askOverTcp(framed(queryOf("www.example", "A")), 1);
    expect(reply?.answers).toEqual(web);
  });

  test("names that a wildcard or nobody has count as one", async () => {
    const world = await nameServerWorld();
    const names = Array.from({ length: 60 }, (_, index) => index);
    await send(world, ...names.map((index) => queryOf(`${index}.example`, "A")));
    const afterMissing = counted(world)["limited"] ?? 0;
    expect(afterMissing).toBeGreaterThan(15);
    await send(world, ...names.map((index) => queryOf(`${index}.wild.example`, "TXT")));
    expect(counted(world)["limited"]).toBeGreaterThan(afterMissing + 15);
  });

  test("who cannot be reached is counted", async () => {
    const world = await nameServerWorld();
    await world.simulation.run(async () => {
      const socket = world.client.udp.bind(0);
      // To all on the link: nobody answers in its name.
      socket.send(queryOf("www.example", "A"), { address: "255.255.255.255", port: 53 });
      await world.simulation.clock.sleep(100);
    });
    expect(counted(world)).toMatchObject({ unsendable: 1 });
  });
});

describe("over TCP", () => {
  test("several queries of one connection are answered, cut anywhere", async () => {
    const world = await nameServerWorld();
    const queries = ["www", "mail", "large"].map((name, id) =>
      queryOf(`${name}.example`, name === "large" ? "TXT" : "A", { id }),
    );
    const replies = await world.askOverTcp(framed(...queries), 3);
    expect(replies.map(({ questions }) => questions[0])).toEqual([
      "www.example A",
      "mail.example A",
      "large.example TXT",
    ]);
    expect(replies[2]).toMatchObject({ flags: "aa" });
    expect(replies[2]?.answers).toHaveLength(12);
    expect(counted(world)).toMatchObject({ tcpQueries: 3, connections: 1 });
  });

  test("a length of 0 ends the connection after the answers", async () => {
    const world = await nameServerWorld();
    const bytes = Uint8Array.from([...framed(queryOf("www.example", "A")), 0, 0, 1, 2]);
    expect(await world.askOverTcp(bytes, 2)).toHaveLength(1);
  });

  test("what is no query is not answered, and does not end the connection", async () => {
    const world = await nameServerWorld();
    const response = queryOf("www.example", "A", { flags: 0x8000 });
    const bytes = framed(response, new Uint8Array(3), queryOf("www.example", "A"));
    expect(await world.askOverTcp(bytes, 2)).toMatchObject([{ answers: web }]);
    expect(counted(world)).toMatchObject({ responses: 1, malformed: 1, tcpQueries: 1 });
  });

  test("a connection that is silent, or sends half a message, ends after its time", async () => {
    const world = await nameServerWorld(() => ({ idleMs: 3000 }));
    const { clock } = world.simulation;
    await world.simulation.run(async () => {
      for (const bytes of [[], [0, 20, 1, 2]]) {
        const startMs = clock.monotonicMs();
        const flow = await world.client.tcp.connect({ address: "10.0.0.53", port: 53 });
        await flow.write(Uint8Array.from(bytes));
        await expect(flow.read()).rejects.toMatchObject({ code: "reset" });
        expect(Math.round((clock.monotonicMs() - startMs) / 1000)).toBe(3);
      }
    });
  });

  test("connections beyond the bound of a client are aborted, and there is room again later", async () => {
    const world = await nameServerWorld(() => ({ maxConnections: 8 }));
    await world.simulation.run(async () => {
      const to = { address: "10.0.0.53", port: 53 };
      const flows = [await world.client.tcp.connect(to), await world.client.tcp.connect(to)];
      const third = await world.client.tcp.connect(to);
      await expect(third.read()).rejects.toMatchObject({ code: "reset" });
      for (const flow of flows) await flow[Symbol.asyncDispose]();
      await world.simulation.clock.sleep(100);
      expect(counted(world)).toMatchObject({ connections: 2, connectionsRefused: 1 });
    });
    expect(await world.askOverTcp(framed(queryOf("www.example", "A")), 1)).toHaveLength(1);
  });
});

/** A forwarder that knows one address, and nothing of `no.test`. */
function fakeForwarder(asked: string[]): Forwarder {
  return {
    counters: {},
    setServers: () => {},
    ask: async ({ name, type }) => {
      asked.push(name);
      if (name === "fails.test") return { code: 2, answers: [], authorities: [] };
      if (name === "no.test") return { code: 3, answers: [], authorities: [] };
      const data = Uint8Array.of(192, 0, 2, 200);
      return {
        code: 0,
        answers: [[{ name, type, class: 1, ttlSeconds: 9, data }]],
        authorities: [],
      };
    },
    [Symbol.asyncDispose]: async () => {},
  };
}

describe("with a forwarder", () => {
  const wanted = { flags: 0x100 };

  test("other names are asked of the forwarder, for who wants it and may", async () => {
    const asked: string[] = [];
    const world = await nameServerWorld(() => ({
      forwarder: fakeForwarder(asked),
      mayForward: (address) => address === "10.0.0.1",
    }));
    const found = await world.ask(queryOf("www.test", "A", wanted));
    expect(found).toMatchObject({ flags: "rd ra", answers: ["www.test 9 A 192.0.2.200"] });
    const [overTcp] = await world.askOverTcp(framed(queryOf("www.test", "A", wanted)), 1);
    expect(overTcp).toMatchObject({ flags: "rd ra", answers: ["www.test 9 A 192.0.2.200"] });
    expect(await world.ask(queryOf("no.test", "A", wanted))).toMatchObject({ code: 3 });
    expect(await world.ask(queryOf("fails.test", "A", wanted))).toMatchObject({ code: 2 });
    expect(asked).toHaveLength(4);
    // Who does not want it is refused, and so is who may not.
    const plain = await world.ask(queryOf("www.test", "A"));
    expect(plain).toMatchObject({ code: 5, flags: "ra" });
    const stranger = await world.stack("10.0.0.2");
    const refused = await world.ask(queryOf("www.test", "A", wanted), stranger);
    expect(refused).toMatchObject({ code: 5, flags: "rd" });
    expect(asked).toHaveLength(4);
  });

  test("our names are ours, and their aliases and delegations are followed further", async () => {
    const asked: string[] = [];
    const world = await nameServerWorld(() => ({ forwarder: fakeForwarder(asked) }));
    const own = await world.ask(queryOf("www.example", "A", wanted));
    expect(own).toMatchObject({ flags: "aa rd ra", answers: web });
    expect(asked).toEqual([]);
    const away = await world.ask(queryOf("away.example", "A", wanted));
    expect(away?.answers).toEqual([
      "away.example 3600 CNAME www.other.test.",
      "www.other.test 9 A 192.0.2.200",
    ]);
    const below = await world.ask(queryOf("x.sub.example", "A", wanted));
    expect(below).toMatchObject({ flags: "rd ra", answers: ["x.sub.example 9 A 192.0.2.200"] });
    expect(asked).toEqual(["www.other.test", "x.sub.example"]);
  });
});

test("connections beyond the bound of all are aborted", async () => {
  const world = await nameServerWorld(() => ({ maxConnections: 2 }));
  const others = [await world.stack("10.0.0.2"), await world.stack("10.0.0.3")];
  await world.simulation.run(async () => {
    const to = { address: "10.0.0.53", port: 53 };
    for (const { tcp } of others) await tcp.connect(to);
    const third = await world.client.tcp.connect(to);
    await expect(third.read()).rejects.toMatchObject({ code: "reset" });
  });
});

test("setZones() serves others", async () => {
  const world = await nameServerWorld();
  world.server.setZones([]);
  expect(await world.ask(queryOf("www.example", "A"))).toMatchObject({ code: 5 });
});

test("dispose() frees the port, and ends connections", async () => {
  const world = await nameServerWorld();
  await world.simulation.run(async () => {
    const flow = await world.client.tcp.connect({ address: "10.0.0.53", port: 53 });
    await world.simulation.clock.sleep(10);
    await world.server[Symbol.asyncDispose]();
    await expect(flow.read()).rejects.toMatchObject({ code: "reset" });
  });
  const socket = world.serverStack.udp.bind(53);
  expect(socket.local.port).toBe(53);
});
