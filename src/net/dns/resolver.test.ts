import { describe, expect, test } from "vitest";
import { dnsWorld, record, type Server } from "../../../test/dns-world.ts";
import { timersOf } from "../timers.ts";

const code = (expected: string): object => ({ cause: { code: expected } });
const soa = new Uint8Array(22);
soa[21] = 30;

/** Knows one name, at 192.0.2.1 and 2001:db8::1. */
const host: Server = ({ name, type }) => {
  if (name !== "host.example") return { flags: 0x8183, authorities: [record("", "SOA", soa)] };
  if (type === 1) return { answers: [record(name, "A", "192.0.2.1", 20)] };
  return type === 28 ? { answers: [record(name, "AAAA", "2001:db8::1")] } : {};
};

describe("resolve()", () => {
  test("finds the addresses of both families, or of one", async () => {
    const { simulation, serve, resolver, asked } = dnsWorld();
    serve("10.0.0.53", host);
    const dns = resolver();
    const all = await simulation.run(() => dns.resolve("Host.Example"));
    expect(all).toEqual(["2001:db8::1", "192.0.2.1"]);
    expect(asked).toEqual(["host.example 28", "host.example 1"]);
    expect(await dns.resolve("host.example.", { family: 4 })).toEqual(["192.0.2.1"]);
    expect(await dns.resolve("host.example", { family: 6 })).toEqual(["2001:db8::1"]);
    expect(asked).toHaveLength(2);
  });

  test("puts first what we can send to", async () => {
    const { simulation, serve, resolver } = dnsWorld();
    serve("10.0.0.53", host);
    const ours = Uint8Array.of(10, 0, 0, 1);
    const dns = resolver({ sourceFor: ({ length }) => (length === 4 ? ours : undefined) });
    expect(await simulation.run(() => dns.resolve("host.example"))).toEqual([
      "192.0.2.1",
      "2001:db8::1",
    ]);
  });

  test("asks nobody for addresses, localhost and names that it was given", async () => {
    const { resolver, asked } = dnsWorld();
    const dns = resolver({ hosts: { "Gate.Example": ["10.0.0.254"] } });
    expect(await dns.resolve("10.0.0.9")).toEqual(["10.0.0.9"]);
    expect(await dns.resolve("FD00:0::9")).toEqual(["fd00::9"]);
    expect(await dns.resolve("localhost")).toEqual(["::1", "127.0.0.1"]);
    expect(await dns.resolve("x.localhost.", { family: 4 })).toEqual(["127.0.0.1"]);
    expect(await dns.resolve("gate.example")).toEqual(["10.0.0.254"]);
    await expect(dns.resolve("10.0.0.9", { family: 6 })).rejects.toMatchObject({
      code: "not-found",
    });
    expect(asked).toEqual([]);
  });

  test.each(["", "a..b", "exämple.com", "a b", "-".repeat(64), "1.2.3.4.5 "])(
    "refuses %j as no name",
    async (name) => {
      const dns = dnsWorld().resolver();
      await expect(dns.resolve(name)).rejects.toMatchObject({ code: "invalid-name" });
      await expect(dns.records(name, "A")).rejects.toMatchObject({ code: "invalid-name" });
    },
  );

  test("tries domains for names that are not whole", async () => {
    const { simulation, serve, resolver, asked } = dnsWorld();
    serve("10.0.0.53", ({ name }) =>
      name === "www.b.example" ? { answers: [record(name, "A", "192.0.2.2")] } : { flags: 0x8183 },
    );
    const dns = resolver({ searchDomains: ["a.example", "b.example."] });
    const run = (name: string): Promise<readonly string[]> =>
      simulation.run(() => dns.resolve(name, { family: 4 }));
    expect(await run("www")).toEqual(["192.0.2.2"]);
    expect(asked).toEqual(["www.a.example 1", "www.b.example 1"]);
    asked.length = 0;
    await expect(run("www.")).rejects.toMatchObject(code("not-found"));
    expect(asked).toEqual(["www 1"]);
    asked.length = 0;
    await expect(run("www.x")).rejects.toMatchObject(code("not-found"));
    expect(asked).toEqual(["www.x 1", "www.x.a.example 1", "www.x.b.example 1"]);
    dns.setSearchDomains([]);
    asked.length = 0;
    await expect(run("mail")).rejects.toMatchObject(code("not-found"));
    expect(asked).toEqual(["mail 1"]);
  });

  test("takes what one family gave when the other failed", async () => {
    const { simulation, serve, resolver } = dnsWorld();
    serve("10.0.0.53", ({ name, type }) =>
      type === 1 ? { answers: [record(name, "A", "192.0.2.1")] } : { flags: 0x8182 },
    );
    const found = await simulation.run(() => resolver().resolve("half.example"));
    expect(found).toEqual(["192.0.2.1"]);
  });
});

describe("answers", () => {
  test("follow aliases, within a message and beyond", async () => {
    const { simulation, serve, resolver, asked } = dnsWorld();
    serve("10.0.0.53", ({ name }) => {
      if (name === "c.example") return { answers: [record(name, "A", "192.0.2.3")] };
      const next = record("b.example", "CNAME", "c.example", 9);
      return name === "a.example"
        ? { answers: [next, record(name, "CNAME", "b.example")] }
        : { answers: [next] };
    });
    const dns = resolver();
    const found = await simulation.run(() => dns.resolve("a.example", { family: 4 }));
    expect(found).toEqual(["192.0.2.3"]);
    expect(asked).toEqual(["a.example 1", "c.example 1"]);
    expect(await simulation.run(() => dns.records("a.example", "CNAME"))).toEqual([
      { target: "b.example", ttlSeconds: 60 },
    ]);
    // The shortest time of the chain is that of the answer.
    await simulation.run(() => simulation.clock.sleep(9000));
    asked.length = 0;
    await simulation.run(() => dns.resolve("a.example", { family: 4 }));
    expect(asked).toHaveLength(2);
  });

  test.each([
    [
      "in a message",
      ({ name }: { name: string }) => [
        record(name, "CNAME", "b.example"),
        record("b.example", "CNAME", name),
      ],
    ],
    [
      "over messages",
      ({ name }: { name: string }) => [
        record(name, "CNAME", name === "a.example" ? "b.example" : "a.example"),
      ],
    ],
    ["to itself", ({ name }: { name: string }) => [record(name, "CNAME", name)]],
    ["without an end", ({ name }: { name: string }) => [record(name, "CNAME", `x${name}`)]],
    [
      "to what is no name",
      ({ name }: { name: string }) => [record(name, "CNAME", Uint8Array.of(1, 0x20, 0))],
    ],
  ])("that are aliases going round %s fail", async (_, answers) => {
    const { simulation, serve, resolver, asked } = dnsWorld();
    serve("10.0.0.53", (question) => ({ answers: answers(question) }));
    const dns = resolver();
    const answer = simulation.run(() => dns.resolve("a.example", { family: 4 }));
    await expect(answer).rejects.toMatchObject(code("server-failure"));
    expect(asked.length).toBeLessThan(10);
  });

  test("are kept as long as they say, and grow old", async () => {
    const { simulation, serve, resolver, asked } = dnsWorld();
    serve("10.0.0.53", host);
    const dns = resolver();
    const records = (): Promise<unknown> => simulation.run(() => dns.records("host.example", "A"));
    expect(await records()).toEqual([{ address: "192.0.2.1", ttlSeconds: 20 }]);
    await simulation.run(() => simulation.clock.sleep(19_000));
    expect(await records()).toEqual([{ address: "192.0.2.1", ttlSeconds: 1 }]);
    await simulation.run(() => simulation.clock.sleep(1000));
    await records();
    expect(asked).toHaveLength(2);
    dns.setServers(["10.0.0.53", "10.0.0.54"]);
    await records();
    expect(asked).toHaveLength(3);
  });

  test("of servers that were changed meanwhile are not kept", async () => {
    const { simulation, serve, resolver, asked } = dnsWorld();
    serve("10.0.0.53", host);
    serve("10.0.0.54", host);
    const dns = resolver();
    const answer = dns.records("host.example", "A");
    dns.setServers(["10.0.0.54"]);
    await simulation.run(() => answer);
    await simulation.run(() => dns.records("host.example", "A"));
    expect(asked).toHaveLength(2);
  });

  test("that there is nothing are kept as long as their zone says", async () => {
    const { simulation, serve, resolver, asked } = dnsWorld();
    serve("10.0.0.53", host);
    const dns = resolver();
    const nothing = (): Promise<unknown> =>
      expect(simulation.run(() => dns.resolve("no.example"))).rejects.toMatchObject(
        code("not-found"),
      );
    await nothing();
    await nothing();
    expect(asked).toHaveLength(2);
    await simulation.run(() => simulation.clock.sleep(30_000));
    await nothing();
    expect(asked).toHaveLength(4);
    // A name without records of the type is not there either, and without SOA it is not kept.
    const mail = simulation.run(() => dns.records("host.example", "MX"));
    await expect(mail).rejects.toMatchObject(code("not-found"));
    await expect(simulation.run(() => dns.records("host.example", "MX"))).rejects.toMatchObject(
      code("not-found"),
    );
    expect(asked).toHaveLength(6);
  });

  test("with no or a senseless time to live are not kept", async () => {
    const { simulation, serve, resolver, asked } = dnsWorld();
    let ttlSeconds = 0;
    serve("10.0.0.53", ({ name }) => ({ answers: [record(name, "A", "192.0.2.1", ttlSeconds)] }));
    const dns = resolver();
    for (ttlSeconds of [0, 0xffff_ffff, 0]) {
      expect(await simulation.run(() => dns.records("now.example", "A"))).toEqual([
        { address: "192.0.2.1", ttlSeconds: 0 },
      ]);
    }
    expect(asked).toHaveLength(3);
  });

  test("come to all who ask the same from one question", async () => {
    const { simulation, serve, resolver, asked } = dnsWorld();
    serve("10.0.0.53", host);
    const dns = resolver();
    const controller = new AbortController();
    const one = dns.resolve("host.example", { family: 4, signal: controller.signal });
    const other = dns.resolve("host.example", { family: 4 });
    controller.abort("no longer");
    await expect(one).rejects.toBe("no longer");
    expect(await simulation.run(() => other)).toEqual(["192.0.2.1"]);
    expect(asked).toEqual(["host.example 1"]);
  });
});

describe("ends", () => {
  test("a signal ends a question and all that it holds", async () => {
    const { simulation, resolver } = dnsWorld();
    const dns = resolver();
    const controller = new AbortController();
    const reason = new Error("enough");
    const answer = dns.resolve("host.example", { signal: controller.signal });
    const ended = expect(answer).rejects.toBe(reason);
    await simulation.run(() => simulation.clock.sleep(100));
    controller.abort(reason);
    await ended;
    expect(timersOf(simulation.clock).activeCount).toBe(0);
    await expect(dns.resolve("host.example", { signal: controller.signal })).rejects.toBe(reason);
  });

  test("disposing the resolver ends its questions", async () => {
    const { simulation, resolver } = dnsWorld();
    const dns = resolver();
    const ended = expect(dns.resolve("host.example")).rejects.toMatchObject({ code: "closed" });
    await simulation.run(() => simulation.clock.sleep(100));
    await dns[Symbol.asyncDispose]();
    await ended;
    expect(timersOf(simulation.clock).activeCount).toBe(0);
    await expect(dns.resolve("host.example")).rejects.toMatchObject({ code: "closed" });
    await expect(dns.records("host.example", "A")).rejects.toMatchObject({ code: "closed" });
  });
});
