import { describe, expect, test } from "vitest";
import { dhcpWorld } from "../../../test/dhcp-world.ts";
import { FakeDhcpServer, seconds } from "../../../test/fake-dhcp-server.ts";
import { timersOf } from "../timers.ts";
import { option } from "./packet.ts";

describe("a lease", () => {
  test("is asked for and put into effect", async () => {
    const { simulation, internet, server, ip, ipv4, start } = dhcpWorld();
    const client = start({ hostName: "unikernel" });
    const changes: unknown[] = [];
    client.onChange((lease) => changes.push(lease));
    await simulation.run(() => client.configured());
    expect(simulation.clock.monotonicMs()).toBeLessThan(10);
    expect(client.state).toBe("bound");
    expect(ip.addresses).toEqual(["10.0.0.50/24"]);
    expect(ipv4.routes).toEqual(["0.0.0.0/0 via 10.0.0.254"]);
    expect(changes).toEqual([client.lease]);
    expect(server.kinds).toEqual(["discover", "request"]);
    const [discover, request] = server.heard.map(({ packet }) => packet);
    expect(discover?.flags).toBe(0x8000);
    expect(discover?.options.get(option.clientId)).toEqual(Uint8Array.of(1, 2, 0, 0, 0, 0, 9));
    expect(discover?.options.get(option.hostName)).toEqual(new TextEncoder().encode("unikernel"));
    expect(discover?.options.has(option.serverId)).toBe(false);
    expect(request?.xid).toBe(discover?.xid);
    expect(request?.options.get(option.serverId)).toEqual(server.identity);
    expect(request?.options.get(option.requestedAddress)).toEqual(Uint8Array.of(10, 0, 0, 50));
    const ours = internet.packets.filter(({ from }) => from === "0.0.0.0");
    expect(ours.map(({ to }) => to)).toEqual(["255.255.255.255", "255.255.255.255"]);
    await client.configured();
  });

  test("is renewed by its server at T1", async () => {
    const { internet, server, ip, ipv4, start, pass } = dhcpWorld();
    const client = start();
    await pass(1799);
    const { lease } = client;
    expect(server.kinds).toEqual(["discover", "request"]);
    server.options.set(option.routers, Uint8Array.of(10, 0, 0, 253));
    await pass(2);
    expect(server.kinds).toEqual(["discover", "request", "request"]);
    expect(client.state).toBe("bound");
    expect(client.lease).not.toBe(lease);
    expect(ip.addresses).toEqual(["10.0.0.50/24"]);
    expect(ipv4.routes).toEqual(["0.0.0.0/0 via 10.0.0.253"]);
    const renewal = server.heard[2];
    expect(renewal?.packet.options.has(option.serverId)).toBe(false);
    expect(renewal?.packet.options.has(option.requestedAddress)).toBe(false);
    expect(renewal?.packet.ciaddr).toEqual(Uint8Array.of(10, 0, 0, 50));
    expect(renewal?.packet.flags).toBe(0);
    expect(internet.packets.at(-2)).toMatchObject({ from: "10.0.0.50", to: "10.0.0.1" });
    // The new lease counts from then.
    await pass(1790);
    expect(server.kinds).toHaveLength(3);
    await pass(20);
    expect(server.kinds).toHaveLength(4);
  });

  test("counts from the first request that its grant may answer", async () => {
    const { server, start, pass } = dhcpWorld();
    server.alter = (bytes, kind) => (kind === "ack" ? undefined : bytes);
    start();
    await pass(2);
    server.alter = (bytes) => bytes;
    await pass(2000);
    const [first = 0, again = 0, renewal = 0] = server.heard.slice(1).map(({ atMs }) => atMs);
    expect(again - first).toBeGreaterThan(2900);
    expect(Math.abs(renewal - first - 1_800_000)).toBeLessThan(10);
  });

  test("is asked of any server at T2, and ends at its end", async () => {
    const { internet, server, ip, ipv4, start, pass } = dhcpWorld();
    const client = start();
    await pass(1);
    server.answers = {};
    await pass(1800);
    expect(client.state).toBe("renewing");
    await pass(1350);
    expect(client.state).toBe("rebinding");
    expect(internet.packets.at(-1)).toMatchObject({ from: "10.0.0.50", to: "255.255.255.255" });
    const changes: unknown[] = [];
    client.onChange((lease) => changes.push(lease));
    await pass(450);
    expect(client.state).toBe("selecting");
    expect(changes).toEqual([undefined]);
    expect(ip.addresses).toEqual([]);
    expect(ipv4.routes).toEqual([]);
    // Half of what is left each time, but no less than a minute (RFC 2131, 4.4.5).
    const times = server.heard.map(({ atMs }) => Math.round(atMs / 1000));
    expect(times.slice(2)).toEqual([
      1800, 2475, 2813, 2981, 3066, 3126, 3150, 3375, 3488, 3548, 3600,
    ]);
    server.answers = { discover: "offer", request: "ack" };
    server.addresses = [Uint8Array.of(10, 0, 0, 51)];
    await pass(10);
    expect(ip.addresses).toEqual(["10.0.0.51/24"]);
  });

  test("is granted by another server while rebinding", async () => {
    const { server, start, pass } = dhcpWorld();
    const client = start();
    await pass(1);
    server.answers = {};
    await pass(3200);
    server.answers = { request: "ack" };
    await pass(300);
    expect(client.state).toBe("bound");
  });

  test("without an end is never renewed", async () => {
    const { simulation, server, start, pass } = dhcpWorld();
    server.options.set(option.leaseTime, seconds(0xffff_ffff));
    start();
    await pass(1e7);
    expect(server.kinds).toEqual(["discover", "request"]);
    expect(timersOf(simulation.clock).activeCount).toBe(0);
  });

  test("is given back on disposal, and nothing stays behind", async () => {
    const { simulation, server, ip, ipv4, start, pass } = dhcpWorld();
    const client = start();
    await pass(1);
    await client[Symbol.asyncDispose]();
    await client[Symbol.asyncDispose]();
    await pass(1);
    expect(server.kinds).toEqual(["discover", "request", "release"]);
    expect(server.heard[2]?.packet.ciaddr).toEqual(Uint8Array.of(10, 0, 0, 50));
    expect(ip.addresses).toEqual([]);
    expect(ipv4.routes).toEqual([]);
    expect(ipv4.listenerCount).toBe(0);
    expect(timersOf(simulation.clock).activeCount).toBe(0);
    await expect(client.configured()).rejects.toMatchObject({ code: "closed" });
  });
});

describe("an address that we had", () => {
  const previousAddress = Uint8Array.of(10, 0, 0, 77);

  test("is asked for first", async () => {
    const { simulation, server, ip, start } = dhcpWorld();
    const client = start({ previousAddress });
    expect(client.state).toBe("rebooting");
    await simulation.run(() => client.configured());
    expect(server.kinds).toEqual(["request"]);
    expect(server.heard[0]?.packet.options.has(option.serverId)).toBe(false);
    expect(ip.addresses).toEqual(["10.0.0.77/24"]);
  });

  test("gives way to another when it is refused", async () => {
    const { simulation, server, ip, start } = dhcpWorld();
    server.answers = { discover: "offer", request: "nak" };
    const client = start({ previousAddress });
    await simulation.run(() => simulation.clock.sleep(3));
    server.answers = { discover: "offer", request: "ack" };
    await simulation.run(() => client.configured());
    expect(server.kinds).toEqual(["request", "discover", "request"]);
    expect(ip.addresses).toEqual(["10.0.0.50/24"]);
    expect(simulation.clock.monotonicMs()).toBeLessThan(20);
  });

  test("gives way to another when nobody answers", async () => {
    const { server, ip, start, pass } = dhcpWorld();
    server.answers = { discover: "offer" };
    start({ previousAddress });
    await pass(9);
    server.answers = { discover: "offer", request: "ack" };
    await pass(2);
    expect(server.kinds).toEqual(["request", "request", "discover", "request"]);
    expect(ip.addresses).toEqual(["10.0.0.50/24"]);
  });
});

describe("trouble", () => {
  test("a silent network is asked less and less often", async () => {
    const { simulation, server, start, pass } = dhcpWorld();
    server.answers = {};
    const client = start();
    const waiting = expect(client.configured()).rejects.toMatchObject({ code: "timed-out" });
    await pass(300);
    await waiting;
    const times = server.heard.map(({ atMs }) => atMs);
    const gaps = times.slice(1).map((atMs, index) => atMs - (times[index] ?? 0));
    for (const [index, expected] of [4, 8, 16, 32, 64, 64].entries()) {
      expect(Math.abs((gaps[index] ?? 0) - 1000 * expected)).toBeLessThanOrEqual(1001);
    }
    expect(new Set(gaps.map((gap) => gap % 1000)).size).toBeGreaterThan(3);
    expect(server.heard[3]?.packet.secs).toBeGreaterThan(20);
    // It goes on, and is there when a server is.
    server.answers = { discover: "offer", request: "ack" };
    await simulation.run(() => client.configured(100_000));
  });

  test("messages that get lost are sent again", async () => {
    const { internet, server, start, pass } = dhcpWorld();
    let count = 0;
    internet.loses = () => [1, 3, 6, 8].includes((count += 1));
    const client = start();
    await pass(60);
    expect(client.state).toBe("bound");
    expect(server.kinds).toEqual(["discover", "discover", "request", "request"]);
  });

  test("a server that offers and then says nothing is asked anew", async () => {
    const { server, start, pass } = dhcpWorld();
    server.answers = { discover: "offer" };
    start();
    await pass(31);
    const requests = ["request", "request", "request", "request"];
    expect(server.kinds).toEqual(["discover", ...requests, "discover", "request"]);
  });

  test("a server that only refuses is not flooded", async () => {
    const { server, start, pass } = dhcpWorld();
    server.answers = { discover: "offer", request: "nak" };
    const client = start();
    await pass(100);
    expect(client.counters["refusals"]).toBeGreaterThan(5);
    expect(server.heard.length).toBeLessThan(40);
  });

  test("an address that another host has is declined", async () => {
    const { simulation, server, ip, ipv4, start, pass } = dhcpWorld();
    ipv4.taken.add("10.0.0.50");
    server.addresses = [Uint8Array.of(10, 0, 0, 50), Uint8Array.of(10, 0, 0, 51)];
    const client = start();
    await pass(9);
    expect(server.kinds).toEqual(["discover", "request", "decline"]);
    const decline = server.heard[2]?.packet;
    expect(decline?.options.get(option.requestedAddress)).toEqual(Uint8Array.of(10, 0, 0, 50));
    expect(decline?.options.get(option.serverId)).toEqual(server.identity);
    expect(decline?.ciaddr).toEqual(new Uint8Array(4));
    await simulation.run(() => client.configured());
    expect(ip.addresses).toEqual(["10.0.0.51/24"]);
    expect(client.counters).toMatchObject({ conflicts: 1 });
  });

  test("configured() says so when every address is another host's", async () => {
    const { simulation, ipv4, start } = dhcpWorld();
    ipv4.taken.add("10.0.0.50");
    await expect(simulation.run(() => start().configured())).rejects.toMatchObject({
      cause: { code: "address-conflict" },
    });
  });

  test("an address that is lost to another host later is declined too", async () => {
    const { server, ip, ipv4, start, pass } = dhcpWorld();
    const client = start();
    await pass(1);
    ipv4.lose(Uint8Array.of(10, 0, 0, 99));
    expect(client.state).toBe("bound");
    ipv4.lose(Uint8Array.of(10, 0, 0, 50));
    await pass(1);
    expect(server.kinds).toEqual(["discover", "request", "decline"]);
    expect(ip.addresses).toEqual([]);
    expect(client.state).toBe("init");
  });

  test.each(["renewing", "rebinding"])("a refusal while %s ends the lease", async (state) => {
    const { server, ip, start, pass } = dhcpWorld();
    const client = start();
    await pass(1);
    server.answers = { discover: "offer" };
    await pass(state === "renewing" ? 1798 : 3148);
    server.answers = { discover: "offer", request: "nak" };
    server.addresses = [Uint8Array.of(10, 0, 0, 51)];
    await pass(2);
    server.answers = { discover: "offer", request: "ack" };
    await pass(20);
    expect(ip.addresses).toEqual(["10.0.0.51/24"]);
    expect(client.counters["refusals"]).toBeGreaterThanOrEqual(1);
  });

  test.each([
    ["another transaction", (bytes: Uint8Array) => bytes.with(7, (bytes[7] ?? 0) ^ 1), "ignored"],
    ["another client", (bytes: Uint8Array) => bytes.with(33, 8), "ignored"],
    ["a request", (bytes: Uint8Array) => bytes.with(0, 1), "ignored"],
    ["an unknown kind", (bytes: Uint8Array) => bytes.with(242, 99), "ignored"],
    ["a part", (bytes: Uint8Array) => bytes.subarray(0, 200), "malformed"],
    ["an option without an end", (bytes: Uint8Array) => bytes.with(241, 255), "malformed"],
    ["no address", (bytes: Uint8Array) => bytes.fill(0, 16, 20), "malformed"],
  ] as const)("messages with %s change nothing", async (_, alter, counter) => {
    const { server, start, pass } = dhcpWorld();
    server.alter = alter;
    const client = start();
    await pass(1);
    expect(client.state).toBe("selecting");
    expect(client.counters).toMatchObject({ [counter]: 1 });
    server.alter = (bytes) => bytes;
    await pass(10);
    expect(client.state).toBe("bound");
  });

  test("messages from another port change nothing", async () => {
    const { server, start, pass } = dhcpWorld();
    const stranger = server.udp.bind(6767);
    server.alter = (bytes) => {
      stranger.send(bytes.slice(), { address: "255.255.255.255", port: 68 });
      return undefined;
    };
    const client = start();
    await pass(1);
    expect(client.state).toBe("selecting");
    expect(client.counters).toMatchObject({ ignored: 1 });
  });

  test("another address than was asked for is not taken, nor another server's refusal", async () => {
    const { simulation, internet, server, start, pass } = dhcpWorld();
    const stranger = new FakeDhcpServer(simulation, internet, 66);
    stranger.answers = { request: "nak" };
    server.alter = (bytes, kind) => (kind === "ack" ? bytes.with(19, 99) : bytes);
    const client = start();
    await pass(1);
    expect(client.state).toBe("requesting");
    expect(client.counters).toMatchObject({ ignored: 2, refusals: 0 });
    stranger.answers = {};
    server.alter = (bytes) => bytes;
    await pass(10);
    expect(client.state).toBe("bound");
  });

  test("a host name that is none is refused", () => {
    const { start } = dhcpWorld();
    expect(() => start({ hostName: "a b" })).toThrow(TypeError);
    start({ hostName: `${"abcdefghi.".repeat(25)}abc` });
  });

  test("disposal while an address is claimed gives it up", async () => {
    const { simulation, ip, ipv4, start, pass } = dhcpWorld();
    let claimed = (): void => {};
    const configure = ipv4.configure.bind(ipv4);
    ipv4.configure = async (options) => {
      await new Promise<void>((resolve) => (claimed = resolve));
      await configure(options);
    };
    const client = start();
    await pass(1);
    expect(client.state).toBe("claiming");
    const waiting = expect(client.configured()).rejects.toMatchObject({ code: "closed" });
    await client[Symbol.asyncDispose]();
    await waiting;
    claimed();
    await pass(1);
    expect(ip.addresses).toEqual([]);
    expect(timersOf(simulation.clock).activeCount).toBe(0);
  });
});
