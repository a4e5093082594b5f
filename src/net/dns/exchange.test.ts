import { describe, expect, test } from "vitest";
import { bytesOf, dnsWorld, emptyReply, record, type Server } from "../../../test/dns-world.ts";
import { timersOf } from "../timers.ts";
import { decode } from "./packet.ts";

const code = (expected: string): object => ({ cause: { code: expected } });

/** Knows one name, at 192.0.2.1. */
const host: Server = ({ name, type }) => {
  if (name !== "host.example") return { flags: 0x8183 };
  return type === 1 ? { answers: [record(name, "A", "192.0.2.1")] } : {};
};

describe("servers", () => {
  test("are asked again when a message is lost", async () => {
    const { simulation, internet, serve, resolver } = dnsWorld();
    serve("10.0.0.53", host);
    let count = 0;
    internet.loses = () => (count += 1) <= 2;
    const dns = resolver();
    const startMs = simulation.clock.monotonicMs();
    await simulation.run(() => dns.resolve("host.example", { family: 4 }));
    expect(Math.round(simulation.clock.monotonicMs() - startMs)).toBe(3002);
    expect(dns.counters).toMatchObject({ queries: 3, timeouts: 2 });
  });

  test("that are silent time out, and leave nothing behind", async () => {
    const { simulation, udp, resolver } = dnsWorld();
    const dns = resolver({ servers: ["10.0.0.53", "10.0.0.54"] });
    const startMs = simulation.clock.monotonicMs();
    const answer = simulation.run(() => dns.resolve("host.example"));
    await expect(answer).rejects.toMatchObject(code("timed-out"));
    expect(Math.round(simulation.clock.monotonicMs() - startMs)).toBe(14_000);
    expect(timersOf(simulation.clock).activeCount).toBe(0);
    for (let port = 32_768; port < 65_536; port += 1) void udp.bind(port)[Symbol.asyncDispose]();
  });

  test("that fail, refuse or have nobody there are passed over at once", async () => {
    const { simulation, internet, serve, resolver } = dnsWorld();
    internet.host(4, "10.0.0.50/24");
    serve("10.0.0.51", () => ({ flags: 0x8182 }));
    serve("10.0.0.52", () => ({ flags: 0x8185, questions: [] }));
    serve("10.0.0.53", host);
    const dns = resolver({ servers: ["10.0.0.51", "10.0.0.52", "10.0.0.53"] });
    const startMs = simulation.clock.monotonicMs();
    await simulation.run(() => dns.resolve("host.example", { family: 4 }));
    expect(simulation.clock.monotonicMs() - startMs).toBeLessThan(10);
    dns.setServers(["10.0.0.51"]);
    const answer = simulation.run(() => dns.resolve("other.example", { family: 4 }));
    await expect(answer).rejects.toMatchObject(code("server-failure"));
  });

  test("that nobody runs refuse at once", async () => {
    const { simulation, internet, resolver, serve } = dnsWorld();
    const theirs = serve("10.0.0.53", host);
    await theirs[Symbol.asyncDispose]();
    // What reaches the closed port is answered by the host.
    const ours = internet.hostAt("10.0.0.1");
    const ip = internet.hostAt("10.0.0.53");
    if (ours === undefined || ip === undefined) return expect.unreachable();
    ip.receivers.set(17, (packet) => internet.icmp(ip).report(packet.bytes, 3, 3));
    const startMs = simulation.clock.monotonicMs();
    const answer = simulation.run(() => resolver().resolve("host.example", { family: 4 }));
    await expect(answer).rejects.toMatchObject(code("server-failure"));
    expect(simulation.clock.monotonicMs() - startMs).toBeLessThan(10);
  });

  test("must be there, and be addresses", async () => {
    const { resolver } = dnsWorld();
    const dns = resolver({ servers: [] });
    await expect(dns.resolve("host.example")).rejects.toMatchObject({ code: "no-servers" });
    expect(() => dns.setServers(["dns.example"])).toThrow(TypeError);
  });

  test("that do not know EDNS are asked without it from then on", async () => {
    const { simulation, serve, resolver, asked } = dnsWorld();
    serve("10.0.0.53", (question, query) =>
      query.additionals.length > 0 ? { flags: 0x8181 } : host(question, query),
    );
    const dns = resolver();
    await simulation.run(() => dns.resolve("host.example", { family: 4 }));
    await simulation.run(() => dns.resolve("host.example.", { family: 4 }));
    const other = simulation.run(() => dns.resolve("x.example", { family: 4 }));
    await expect(other).rejects.toMatchObject(code("not-found"));
    expect(asked).toEqual(["host.example 1", "host.example 1", "x.example 1"]);
  });

  test("are asked over TCP for what does not fit a datagram", async () => {
    const { simulation, serve, resolver, asked, flows } = dnsWorld();
    const addresses = Array.from({ length: 200 }, (_, index) => `192.0.2.${index}`);
    serve("10.0.0.53", ({ name }) =>
      asked.at(-1)?.endsWith("tcp") === true
        ? { answers: addresses.map((address) => record(name, "A", address)) }
        : { flags: 0x8380 },
    );
    const dns = resolver();
    const found = await simulation.run(() => dns.resolve("many.example", { family: 4 }));
    expect(found).toEqual(addresses);
    expect(asked).toEqual(["many.example 1", "many.example 1 tcp"]);
    expect(flows.size).toBe(0);
    expect(dns.counters).toMatchObject({ truncated: 1 });
  });

  test("that end the connection early have failed", async () => {
    const { simulation, serve, resolver, asked } = dnsWorld();
    serve("10.0.0.53", () =>
      asked.at(-1)?.endsWith("tcp") === true ? undefined : { flags: 0x8380 },
    );
    const answer = simulation.run(() => resolver().resolve("many.example", { family: 4 }));
    await expect(answer).rejects.toMatchObject(code("server-failure"));
  });
});

describe("messages", () => {
  test.each([
    ["another id", (reply: Uint8Array) => reply.with(0, (reply[0] ?? 0) ^ 1)],
    ["another question", (reply: Uint8Array) => reply.with(13, 0x78)],
    ["another type", (reply: Uint8Array) => reply.with(27, 28)],
    ["the question alone", (reply: Uint8Array) => reply.with(2, 1)],
    // That there is no such name, of no question: flags and counts alone.
    ["no name at all", (reply: Uint8Array) => reply.subarray(0, 12).with(3, 0x83).fill(0, 4)],
    ["half of it", (reply: Uint8Array) => reply.subarray(0, 30)],
    ["nothing", () => new Uint8Array(0)],
    ["noise", () => new Uint8Array(600).fill(0xc0)],
  ])("that say %s are passed over", async (_, forge) => {
    const { simulation, serve, resolver } = dnsWorld();
    let isForged = true;
    serve("10.0.0.53", (question, query) => {
      const answers = [record(question.name, "A", "192.0.2.66")];
      const right = bytesOf({ ...emptyReply(query), answers });
      return isForged ? forge(right) : host(question, query);
    });
    const dns = resolver();
    const answer = simulation.run(async () => {
      const found = dns.resolve("host.example", { family: 4 });
      await simulation.clock.sleep(500);
      isForged = false;
      return found;
    });
    expect(await answer).toEqual(["192.0.2.1"]);
    expect(dns.counters).toMatchObject({ strayMessages: 1, timeouts: 1 });
  });

  test.each([
    ["another address", "10.0.0.66", 53],
    ["another port", "10.0.0.53", 5353],
  ])("from %s are passed over", async (_, from, port) => {
    const { simulation, internet, serve, resolver } = dnsWorld();
    serve("10.0.0.53", ({ name }, query) => {
      const reply = bytesOf({ ...emptyReply(query), answers: [record(name, "A", "192.0.2.66")] });
      const [high = 0, low = 0] = internet.packets.at(-1)?.payload ?? [];
      const payload = new Uint8Array(8 + reply.length);
      // From the port to that of the query, without a checksum.
      payload.set([port >> 8, port, high, low, payload.length >> 8, payload.length]);
      payload.set(reply, 8);
      const packet = { from, to: "10.0.0.1", protocol: 17, payload, timeToLive: 64 };
      simulation.timeline.after(1, () =>
        internet.hostAt("10.0.0.1")?.hear({ ...packet, offload: undefined }),
      );
      return undefined;
    });
    const dns = resolver();
    const answer = simulation.run(() => dns.resolve("host.example", { family: 4 }));
    await expect(answer).rejects.toMatchObject(code("timed-out"));
    expect(dns.counters).toMatchObject({ strayMessages: 3 });
  });

  test("use another port and id each time", async () => {
    const { simulation, internet, serve, resolver } = dnsWorld();
    serve("10.0.0.53", () => ({ flags: 0x8183 }));
    const dns = resolver();
    for (let count = 0; count < 20; count += 1) {
      const answer = simulation.run(() => dns.resolve(`n${count}.example`, { family: 4 }));
      await expect(answer).rejects.toMatchObject(code("not-found"));
    }
    const queries = internet.packets.filter(({ to }) => to === "10.0.0.53");
    const ports = queries.map(({ payload }) => (payload[0] ?? 0) * 256 + (payload[1] ?? 0));
    const ids = queries.map(({ payload }) => decode(payload.subarray(8))?.id);
    expect(new Set(ports).size).toBeGreaterThan(18);
    expect(new Set(ids).size).toBeGreaterThan(18);
  });
});
