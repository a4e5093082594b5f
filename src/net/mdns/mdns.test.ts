import { describe, expect, test } from "vitest";
import { answersOf, LinkWorld, web } from "../../../test/link-names-world.ts";
import { connect as connectUdp } from "../udp/udp.ts";
import { encodeResponse, groups, port } from "./packet.ts";
import { withLinkNames } from "./resolver.ts";

describe("a name", () => {
  test("is asked for three times, then announced twice with the bit that it is ours alone", async () => {
    const world = new LinkWorld();
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
    const world = new LinkWorld();
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
    const world = new LinkWorld();
    const hosts = [world.host(1, "alpha"), world.host(2, "alpha"), world.host(3, "alpha")];
    await world.pass(15_000);
    const names = hosts.map(({ mdns }) => mdns.hostName);
    expect(new Set(names)).toEqual(new Set(["alpha-2.local", "alpha-3.local", "alpha.local"]));
    // The greatest data wins (RFC 6762, 8.2).
    expect(names[2]).toBe("alpha.local");
  });

  test("that somebody claims later is asked for again, and given up", async () => {
    const world = new LinkWorld();
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
    const world = new LinkWorld();
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

  test("is found through a resolver, as other names are without the link", async () => {
    const world = new LinkWorld();
    const { mdns } = world.host(1, "alpha");
    const { mdns: other } = world.host(2);
    await world.run(() => mdns.publish({ ...web, name: "web" }));
    const asked: string[] = [];
    const resolver = withLinkNames(
      {
        counters: {},
        resolve: async (name) => [asked.push(name), "192.0.2.1"].slice(1).map(String),
        records: async (name) => (asked.push(name), []),
        async [Symbol.asyncDispose]() {},
      },
      other,
    );
    expect(await world.run(() => resolver.resolve("alpha.local"))).toEqual(["10.0.0.1"]);
    const places = await world.run(() => resolver.records("web._http._tcp.local", "SRV"));
    expect(places).toMatchObject([{ port: 80, target: "alpha.local" }]);
    expect(places[0]?.ttlSeconds).toBeGreaterThan(110);
    const missing = world.run(() => resolver.resolve("alpha.local", { family: 6 }));
    await expect(missing).rejects.toMatchObject({ cause: { code: "not-found" } });
    expect(await resolver.resolve("alpha.example")).toEqual(["192.0.2.1"]);
    expect(await resolver.records("a b.local", "A")).toEqual([]);
    expect(asked).toEqual(["alpha.example", "a b.local"]);
  });

  test("moves with its addresses", async () => {
    const world = new LinkWorld();
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
    const world = new LinkWorld();
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
    const world = new LinkWorld();
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
    const world = new LinkWorld();
    const { mdns } = world.host(1, "alpha");
    const { mdns: other } = world.host(2, "beta");
    const first = await world.run(() => mdns.publish(web));
    const second = await world.run(() => other.publish(web));
    expect([first.name, second.name]).toEqual(["My Web (ü)", "My Web (ü) (2)"]);
  });

  test("is found by type and by finer types", async () => {
    const world = new LinkWorld();
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
    const world = new LinkWorld();
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
    const world = new LinkWorld();
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
    const world = new LinkWorld();
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
    const { mdns } = new LinkWorld().host(1, "alpha");
    await expect(mdns.publish(service)).rejects.toThrow(TypeError);
  });
});

test("dispose() says goodbye, ends what waits, and frees the port", async () => {
  const world = new LinkWorld();
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
