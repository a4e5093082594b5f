import { describe, expect, test } from "vitest";
import { FakeInternet } from "../../../test/fake-ip.ts";
import { recordText } from "../../../test/name-server-world.ts";
import type { Udp } from "../../devices/index.ts";
import { Simulation } from "../../simulated/index.ts";
import { Listeners } from "../listeners.ts";
import { connect as connectUdp } from "../udp/udp.ts";
import { connect, type Mdns } from "./mdns.ts";
import {
  decode,
  encodeQuery,
  encodeResponse,
  groups,
  port,
  type MdnsMessage,
  type MdnsRecord,
} from "./packet.ts";
import { encodeTarget, instanceName } from "./service.ts";

interface Host {
  readonly udp: Udp;
  readonly mdns: Mdns;
  /** Changes its addresses. */
  readonly readdress: (...addresses: readonly string[]) => void;
}

/** What was sent, in words. */
interface Sent {
  readonly from: string;
  readonly to: string;
  readonly atMs: number;
  readonly message: MdnsMessage;
}

class World {
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

const answersOf = ({ message }: Sent): readonly string[] =>
  message.answers.map((each) => recordText(each, each.data));

const web = {
  name: "My Web (ü)",
  type: "_http._tcp",
  port: 80,
  texts: { path: "/", secure: true },
} as const;

describe("a name", () => {
  test("is asked for three times, then announced twice with the bit that it is ours alone", async () => {
    const world = new World();
    const { mdns } = world.host(1, "alpha");
    await world.pass(700);
    expect(mdns.hostName).toBeUndefined();
    await world.pass(3000);
    expect(mdns.hostName).toBe("alpha.local");
    const probes = world.sent.filter(({ message }) => !message.isResponse);
    expect(probes.map(({ message }) => message.questions[0])).toEqual(
      Array.from({ length: 3 }, () => ({ name: "alpha.local", type: 255, wantsUnicast: true })),
    );
    expect(probes[0]?.message.authorities).toMatchObject([{ type: 1, isUnique: false }]);
    const times = probes.map(({ atMs }) => Math.round(atMs - (probes[0]?.atMs ?? 0)));
    expect(times).toEqual([0, 250, 500]);
    const responses = world.sent.filter(({ message }) => message.isResponse);
    expect(responses.map(answersOf)).toEqual([
      ["alpha.local 120 A 10.0.0.1"],
      ["alpha.local 120 A 10.0.0.1"],
    ]);
    expect(
      responses.every(({ message, to }) => message.answers[0]?.isUnique && to === groups.v4),
    ).toBe(true);
    expect(world.internet.packets.every(({ timeToLive }) => timeToLive === 255)).toBe(true);
  });

  test("that somebody has becomes another", async () => {
    const world = new World();
    const first = world.host(1, "alpha");
    await world.pass(5000);
    const second = world.host(2, "ALPHA");
    await world.pass(5000);
    expect([first.mdns.hostName, second.mdns.hostName]).toEqual(["alpha.local", "ALPHA-2.local"]);
    const third = world.host(3, "alpha");
    await world.pass(5000);
    expect(third.mdns.hostName).toBe("alpha-3.local");
  });

  test("that two want at the same time goes to one of them", async () => {
    const world = new World();
    const hosts = [world.host(1, "alpha"), world.host(2, "alpha"), world.host(3, "alpha")];
    await world.pass(15_000);
    const names = hosts.map(({ mdns }) => mdns.hostName);
    expect(new Set(names)).toEqual(new Set(["alpha-2.local", "alpha-3.local", "alpha.local"]));
    // The greatest data wins (RFC 6762, 8.2).
    expect(names[2]).toBe("alpha.local");
  });

  test("that somebody claims later is asked for again, and given up", async () => {
    const world = new World();
    const { mdns } = world.host(1, "alpha");
    await world.pass(5000);
    const other = world.host(2);
    const socket = other.udp;
    void socket;
    const data = Uint8Array.of(10, 0, 0, 99);
    const record = {
      name: "alpha.local",
      type: 1,
      class: 1,
      ttlSeconds: 120,
      data,
      isUnique: true,
    };
    const [lie = new Uint8Array(0)] = encodeResponse([record], []);
    const speak = (): void => {
      const v4 = world.internet.hostAt("10.0.0.2");
      const udp = v4 && connectUdp({ v4, random: world.simulation.random("liar") });
      udp?.bind(port).send(lie, { address: groups.v4, port }, { timeToLive: 255 });
    };
    speak();
    await world.pass(100);
    expect(mdns.hostName).toBeUndefined();
    speak();
    await world.pass(5000);
    expect(mdns.hostName).toBe("alpha-2.local");
  });

  test("is found by others, until its host is gone", async () => {
    const world = new World();
    const { mdns } = world.host(1, "alpha");
    const { mdns: other } = world.host(2);
    await world.pass(3000);
    expect(await world.run(() => other.resolve("Alpha.local."))).toEqual(["10.0.0.1"]);
    await mdns[Symbol.asyncDispose]();
    await world.pass(1500);
    const missing = world.run(() => other.resolve("alpha.local"));
    await expect(missing).rejects.toMatchObject({ cause: { code: "not-found" } });
    await expect(other.resolve("alpha.example")).rejects.toThrow(TypeError);
  });

  test("moves with its addresses", async () => {
    const world = new World();
    const { readdress } = world.host(1, "alpha");
    const { mdns: other } = world.host(2);
    await world.pass(5000);
    readdress("10.0.0.1/24", "10.0.0.7/24");
    await world.pass(2000);
    expect(await world.run(() => other.resolve("alpha.local"))).toEqual(["10.0.0.1", "10.0.0.7"]);
    readdress("10.0.0.7/24", "127.0.0.1/8");
    await world.pass(4000);
    expect(await world.run(() => other.resolve("alpha.local"))).toEqual(["10.0.0.7"]);
  });
});

describe("a service", () => {
  test("is found with all that is said of it, changes and goes", async () => {
    const world = new World();
    const { mdns } = world.host(1, "alpha");
    const { mdns: other } = world.host(2);
    const seen: string[] = [];
    other.browse("_http._tcp", ({ kind, service }) => {
      const { name, port: at, host, addresses, texts } = service;
      seen.push(`${kind} ${name} ${at} ${host} ${addresses.join()} ${JSON.stringify(texts)}`);
    });
    const publication = await world.run(() => mdns.publish(web));
    await world.pass(3000);
    const said = 'My Web (ü) 80 alpha.local 10.0.0.1 {"path":"/","secure":true}';
    expect(seen).toEqual([`found ${said}`]);
    await publication[Symbol.asyncDispose]();
    await world.pass(3000);
    expect(seen.slice(1)).toEqual([`lost ${said}`]);
  });

  test("is found by its own host, too, and by who comes later", async () => {
    const world = new World();
    const { mdns } = world.host(1, "alpha");
    await world.run(() => mdns.publish(web));
    await world.pass(10_000);
    const seen: string[] = [];
    for (const each of [mdns, world.host(2).mdns]) {
      each.browse("_http._tcp", ({ kind, service }) => seen.push(`${kind} ${service.name}`));
    }
    await world.pass(2000);
    expect(seen).toEqual(["found My Web (ü)", "found My Web (ü)"]);
  });

  test("of a name that another has gets a number", async () => {
    const world = new World();
    const { mdns } = world.host(1, "alpha");
    const { mdns: other } = world.host(2, "beta");
    const first = await world.run(() => mdns.publish(web));
    const second = await world.run(() => other.publish(web));
    expect([first.name, second.name]).toEqual(["My Web (ü)", "My Web (ü) (2)"]);
  });

  test("is found by type and by finer types", async () => {
    const world = new World();
    const { mdns } = world.host(1, "alpha");
    const { mdns: other } = world.host(2);
    await world.run(() => mdns.publish({ ...web, subtypes: ["_printer"] }));
    const types: string[] = [];
    const names: string[] = [];
    const stop = other.browseTypes((type) => types.push(type));
    other.browse("_printer._sub._http._tcp", ({ service }) => names.push(service.name));
    other.browse("_scanner._sub._http._tcp", ({ service }) => names.push(service.name));
    await world.pass(3000);
    expect([types, names]).toEqual([["_http._tcp"], ["My Web (ü)"]]);
    stop();
  });

  test("is asked for at ever longer intervals, without what is known", async () => {
    const world = new World();
    const { mdns } = world.host(1, "alpha");
    const { mdns: other } = world.host(2);
    await world.run(() => mdns.publish(web));
    await world.pass(5000);
    world.sent.length = 0;
    other.browse("_http._tcp", () => {});
    await world.pass(40_000);
    const all = world.sent.filter(({ from }) => from === "10.0.0.2");
    const queries = all.filter(({ message }) => message.questions[0]?.type === 12);
    // That the host has no address of the other version is asked once, and said.
    expect(all).toHaveLength(queries.length + 1);
    const gaps = queries.slice(1).map(({ atMs }, index) => atMs - (queries[index]?.atMs ?? 0));
    expect(gaps.map((ms) => Math.round(ms / 1000))).toEqual([1, 2, 4, 8, 16]);
    expect(queries.map(({ message }) => message.questions[0]?.wantsUnicast)).toEqual([
      true,
      ...gaps.map(() => false),
    ]);
    expect(queries.map((each) => answersOf(each).length)).toEqual([1, 1, 1, 1, 1, 1]);
  });

  test("that lives on is asked for before it expires, and then is lost", async () => {
    const world = new World();
    const { mdns } = world.host(1, "alpha");
    const { mdns: other } = world.host(2);
    const seen: string[] = [];
    other.browse("_http._tcp", ({ kind }) => seen.push(kind));
    await world.run(() => mdns.publish(web));
    await world.pass(1_000_000);
    expect(seen).toEqual(["found"]);
    // It is cut off, so that nobody says goodbye.
    world.internet.loses = ({ from }) => from === "10.0.0.1";
    await world.pass(60_000);
    expect(seen).toEqual(["found"]);
    await world.pass(200_000);
    expect(seen).toEqual(["found", "lost"]);
  });

  test("is given up when who offers it does", async () => {
    const world = new World();
    const { mdns } = world.host(1, "alpha");
    const controller = new AbortController();
    const publishing = mdns.publish(web, controller.signal);
    controller.abort(new Error("Not any more"));
    await expect(publishing).rejects.toThrow("Not any more");
    await world.pass(5000);
    const names = world.sent.flatMap(({ message }) => message.questions.map(({ name }) => name));
    expect(new Set(names)).toEqual(new Set(["alpha.local"]));
    await expect(mdns.publish(web, controller.signal)).rejects.toThrow("Not any more");
  });

  test.each([
    [{ ...web, name: "" }],
    [{ ...web, name: "x".repeat(64) }],
    [{ ...web, type: "http" }],
    [{ ...web, texts: { "a=b": "c" } }],
    [{ ...web, texts: { a: "x".repeat(255) } }],
  ])("such as %j is refused", async (service) => {
    const { mdns } = new World().host(1, "alpha");
    await expect(mdns.publish(service)).rejects.toThrow(TypeError);
  });
});

describe("answers", () => {
  /** Sends a query from a port of 10.0.0.2; gives what comes back to it. */
  async function ask(world: World, query: Uint8Array, from = 0): Promise<readonly Uint8Array[]> {
    return world.run(async () => {
      const v4 = world.internet.host(4, "10.0.0.2/24");
      const socket = connectUdp({ v4, random: world.simulation.random("asker") }).bind(from);
      const heard: Uint8Array[] = [];
      socket.listen(({ bytes }) => void heard.push(bytes.slice()));
      socket.send(query, { address: groups.v4, port }, { timeToLive: 255 });
      await world.simulation.clock.sleep(1000);
      await socket[Symbol.asyncDispose]();
      return heard;
    });
  }

  /** A question for the addresses of `alpha.local`. */
  const question = [5, ...Buffer.from("alpha"), 5, ...Buffer.from("local"), 0, 0, 1];
  const known = [0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 100, 0, 4, 10, 0, 0, 1];

  const query = (options: {
    id?: number;
    known?: boolean;
    class?: readonly number[];
  }): Uint8Array => {
    const counts = [0, 1, 0, options.known === true ? 1 : 0, 0, 0, 0, 0];
    const records = options.known === true ? known : [];
    return Uint8Array.from([
      0,
      options.id ?? 0,
      0,
      0,
      ...counts,
      ...question,
      ...(options.class ?? [0, 1]),
      ...records,
    ]);
  };

  async function alpha(): Promise<World> {
    const world = new World();
    world.host(1, "alpha");
    await world.pass(5000);
    world.sent.length = 0;
    return world;
  }

  test("go to all, and not again within a second", async () => {
    const world = await alpha();
    await ask(world, query({}), port);
    expect(world.sent.filter(({ from }) => from === "10.0.0.1").map(({ to }) => to)).toEqual([
      groups.v4,
    ]);
  });

  test("go to who wants them alone, if all have heard them lately", async () => {
    const world = await alpha();
    await ask(world, query({ class: [0x80, 1] }), port);
    expect(world.sent.filter(({ from }) => from === "10.0.0.1").map(({ to }) => to)).toEqual([
      "10.0.0.2",
    ]);
    await world.pass(40_000);
    await ask(world, query({ class: [0x80, 1] }), port);
    expect(world.sent.findLast(({ from }) => from === "10.0.0.1")?.to).toBe(groups.v4);
  });

  test("that are known are not given", async () => {
    const world = await alpha();
    await ask(world, query({ known: true }), port);
    expect(world.sent.filter(({ from }) => from === "10.0.0.1")).toEqual([]);
  });

  test("to plain resolvers have their id and question, and short times to live", async () => {
    const world = await alpha();
    const [reply] = await ask(world, query({ id: 77 }));
    const message = reply && decode(reply);
    expect(message).toMatchObject({ id: 77, questions: [{ name: "alpha.local", type: 1 }] });
    expect(message?.answers).toMatchObject([{ ttlSeconds: 10, isUnique: false }]);
  });

  test("say which types a name has, if it has not what is asked for", async () => {
    const world = await alpha();
    const bytes = query({});
    bytes[bytes.length - 3] = 28;
    await ask(world, bytes, port);
    const [sent] = world.sent.filter(({ from }) => from === "10.0.0.1");
    expect(sent?.message.answers).toMatchObject([{ type: 47, name: "alpha.local" }]);
    // The bit of type 1, in the first byte of block 0.
    expect([...(sent?.message.answers[0]?.data.slice(-3) ?? [])]).toEqual([0, 1, 0x40]);
  });

  /** A service of 10.0.0.1, and a socket of 10.0.0.2 that speaks to all. */
  async function shared(): Promise<{ world: World; say: (message: Uint8Array) => void }> {
    const world = new World();
    const { mdns } = world.host(1, "alpha");
    await world.run(() => mdns.publish(web));
    await world.pass(5000);
    world.sent.length = 0;
    const v4 = world.internet.host(4, "10.0.0.2/24");
    const udp = connectUdp({ v4, random: world.simulation.random("asker") });
    const socket = udp.bind(port);
    const options = { timeToLive: 255 };
    return { world, say: (message) => socket.send(message, { address: groups.v4, port }, options) };
  }

  const pointer: MdnsRecord = {
    name: "_http._tcp.local",
    type: 12,
    class: 1,
    ttlSeconds: 4500,
    data: encodeTarget(instanceName(web.name, web.type)),
    isUnique: false,
  };
  const forPointers = { name: pointer.name, type: 12, wantsUnicast: false };

  const first = (messages: readonly Uint8Array[]): Uint8Array => messages[0] ?? new Uint8Array(0);
  const ofServer = (world: World): readonly Sent[] =>
    world.sent.filter(({ from }) => from === "10.0.0.1");

  test("that others may have, too, wait a moment, and have what is asked next with them", async () => {
    const { world, say } = await shared();
    const startMs = world.simulation.clock.monotonicMs();
    say(first(encodeQuery({ questions: [forPointers] })));
    await world.pass(500);
    const [sent] = ofServer(world);
    expect(sent && answersOf(sent)).toHaveLength(1);
    expect(sent?.message.additionals.map(({ type }) => type)).toEqual([33, 16, 1]);
    const delayMs = (sent?.atMs ?? 0) - startMs;
    expect(delayMs).toBeGreaterThan(20);
    expect(delayMs).toBeLessThan(123);
  });

  test("are not given where somebody else gives them first", async () => {
    const { world, say } = await shared();
    say(first(encodeQuery({ questions: [forPointers] })));
    say(first(encodeResponse([pointer], [])));
    await world.pass(500);
    expect(ofServer(world)).toEqual([]);
  });

  test("wait longer where more known answers follow, and heed those", async () => {
    const { world, say } = await shared();
    const truncated = first(encodeQuery({ questions: [forPointers] }));
    truncated[2] = 0x02;
    say(truncated);
    await world.pass(300);
    say(first(encodeQuery({ questions: [], known: [pointer] })));
    await world.pass(1000);
    expect(ofServer(world)).toEqual([]);
    say(truncated);
    await world.pass(1000);
    expect(ofServer(world)).toHaveLength(1);
  });

  test("to who is about to claim a name come at once, even within a second", async () => {
    const { world, say } = await shared();
    const claimed = [
      { ...pointer, name: "alpha.local", type: 1, data: Uint8Array.of(10, 0, 0, 2) },
    ];
    const questions = [{ name: "alpha.local", type: 255, wantsUnicast: false }];
    for (let count = 0; count < 4; count += 1) {
      say(first(encodeQuery({ questions, claimed })));
      await world.pass(260);
    }
    expect(ofServer(world)).toHaveLength(4);
    for (let count = 0; count < 4; count += 1) {
      say(first(encodeQuery({ questions })));
      await world.pass(260);
    }
    expect(ofServer(world).length).toBeLessThanOrEqual(5);
  });

  test("from far away are not believed", async () => {
    const world = await alpha();
    const { mdns } = world.host(3);
    const record = { name: "far.local", type: 1, class: 1, ttlSeconds: 120, isUnique: true };
    const [lie = new Uint8Array(0)] = encodeResponse(
      [{ ...record, data: Uint8Array.of(8, 8, 8, 8) }],
      [],
    );
    await world.run(async () => {
      const v4 = world.internet.host(4, "10.0.0.4/24");
      const socket = connectUdp({ v4, random: world.simulation.random("far") }).bind(port);
      for (const timeToLive of [254, 64])
        socket.send(lie, { address: groups.v4, port }, { timeToLive });
      await world.simulation.clock.sleep(100);
    });
    await expect(world.run(() => mdns.resolve("far.local"))).rejects.toThrow("nobody answers");
    expect(mdns.counters["notOfLink"]).toBe(2);
  });
});

test("dispose() says goodbye, ends what waits, and frees the port", async () => {
  const world = new World();
  const { mdns, udp } = world.host(1, "alpha");
  await world.pass(5000);
  const waiting = mdns.resolve("nobody.local");
  const publishing = mdns.publish(web);
  const settled = Promise.allSettled([waiting, publishing]);
  world.sent.length = 0;
  await mdns[Symbol.asyncDispose]();
  expect(await settled).toMatchObject([
    { status: "rejected", reason: { code: "closed" } },
    { status: "rejected", reason: { code: "closed" } },
  ]);
  expect(world.sent.map(answersOf)).toEqual([["alpha.local 0 A 10.0.0.1"]]);
  expect(udp.bind(port).local.port).toBe(port);
  await expect(mdns.resolve("alpha.local")).rejects.toMatchObject({ code: "closed" });
});
