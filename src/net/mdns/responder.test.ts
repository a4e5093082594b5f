import { describe, expect, test } from "vitest";
import { answersOf, LinkWorld, type Sent, web } from "../../../test/link-names-world.ts";
import { connect as connectUdp } from "../udp/udp.ts";
import { decode, encodeQuery, encodeResponse, groups, port, type MdnsRecord } from "./packet.ts";
import { encodeTarget, instanceName } from "./service.ts";

describe("answers", () => {
  /** Sends a query from a port of 10.0.0.2; gives what comes back to it. */
  async function ask(
    world: LinkWorld,
    query: Uint8Array,
    from = 0,
  ): Promise<readonly Uint8Array[]> {
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

  async function alpha(): Promise<LinkWorld> {
    const world = new LinkWorld();
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
    const sent = world.sent.find(({ from }) => from === "10.0.0.1");
    expect(sent?.message.answers).toMatchObject([{ type: 47, name: "alpha.local" }]);
    // The bit of type 1, in the first byte of block 0.
    expect([...(sent?.message.answers[0]?.data.slice(-3) ?? [])]).toEqual([0, 1, 0x40]);
  });

  /** A service of 10.0.0.1, and a socket of 10.0.0.2 that speaks to all. */
  async function shared(): Promise<{ world: LinkWorld; say: (message: Uint8Array) => void }> {
    const world = new LinkWorld();
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
  const ofServer = (world: LinkWorld): readonly Sent[] =>
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
