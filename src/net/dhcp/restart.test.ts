import { describe, expect, test } from "vitest";
import { dhcpWorld } from "../../../test/dhcp-world.ts";
import { option } from "./packet.ts";

describe("a link that comes back", () => {
  test("has the server asked whether the lease still holds", async () => {
    const { server, ip, start, pass } = dhcpWorld();
    const client = start();
    await pass(100);
    const { lease } = client;
    client.restart();
    expect(client.lease).toBe(lease);
    await pass(1);
    expect(server.kinds).toEqual(["discover", "request", "request"]);
    const { ciaddr, options } = server.heard[2]?.packet ?? {};
    expect(ciaddr).toEqual(new Uint8Array(4));
    expect(options?.has(option.serverId)).toBe(false);
    expect(options?.get(option.requestedAddress)).toEqual(Uint8Array.of(10, 0, 0, 50));
    expect(client.state).toBe("bound");
    expect(client.lease).not.toBe(lease);
    expect(new Set(ip.addresses)).toEqual(new Set(["10.0.0.50/24"]));
    // The lease counts from then.
    await pass(1790);
    expect(server.kinds).toHaveLength(3);
    await pass(20);
    expect(server.kinds).toHaveLength(4);
  });

  test("leads to another address where the old one is refused", async () => {
    const { server, ip, start, pass } = dhcpWorld();
    const client = start();
    await pass(100);
    server.addresses = [Uint8Array.of(10, 0, 0, 60)];
    server.answers = { discover: "offer", request: "nak" };
    client.restart();
    await pass(0.01);
    expect(client.lease).toBeUndefined();
    server.answers = { discover: "offer", request: "ack" };
    await pass(2);
    expect(ip.addresses).toEqual(["10.0.0.60/24"]);
  });

  test("leaves a lease in effect while no server answers", async () => {
    const { server, ip, start, pass } = dhcpWorld();
    const client = start();
    await pass(100);
    server.answers = {};
    client.restart();
    await pass(11);
    expect(client.state).toBe("bound");
    expect(server.kinds).toEqual(["discover", "request", "request", "request"]);
    expect(ip.addresses).toEqual(["10.0.0.50/24"]);
    await pass(3500);
    expect(client.lease).toBeUndefined();
    expect(ip.addresses).toEqual([]);
  });

  test("leads to another address where another host has ours there", async () => {
    const { server, ip, ipv4, start, pass } = dhcpWorld();
    const client = start();
    await pass(100);
    server.answers = {};
    client.restart();
    await pass(1);
    ipv4.lose(Uint8Array.of(10, 0, 0, 50));
    expect(client.lease).toBeUndefined();
    await pass(1);
    expect(server.kinds.at(-1)).toBe("decline");
    server.addresses = [Uint8Array.of(10, 0, 0, 60)];
    server.answers = { discover: "offer", request: "ack" };
    await pass(11);
    expect(ip.addresses).toEqual(["10.0.0.60/24"]);
  });

  test("ends the wait for a server", async () => {
    const { server, start, pass } = dhcpWorld();
    server.answers = {};
    const client = start();
    await pass(40);
    server.answers = { discover: "offer", request: "ack" };
    client.restart();
    await pass(0.1);
    expect(client.state).toBe("bound");
    await client[Symbol.asyncDispose]();
    client.restart();
    await pass(0.1);
    expect(server.kinds.at(-1)).toBe("release");
  });
});
