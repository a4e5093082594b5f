import { describe, expect, test } from "vitest";
import { settled } from "../../../test/http-flows.ts";
import { answering, get, proxyWorld } from "../../../test/http-proxy-world.ts";

describe("upgrades", () => {
  const upgrade = get("/chat", "Connection: keep-alive, Upgrade", "Upgrade: websocket");

  test("handler() carries the connection on when the server switches", async () => {
    const world = proxyWorld();
    const client = world.open();
    await client.send(upgrade);
    expect(world.servers.last.request()).toMatch(
      /^GET \/chat HTTP\/1\.1\r\n[^]*connection: upgrade\r\nupgrade: websocket\r\n\r\n$/,
    );
    world.servers.last.answer(
      "HTTP/1.1 101 Yes",
      "Connection: upgrade",
      "Upgrade: websocket",
      "",
      "early",
    );
    const answer = await client.send("");
    expect(answer).toMatch(/^HTTP\/1\.1 101 [^]*upgrade: websocket\r\n\r\nearly$/);
    await client.send("there");
    expect(world.servers.last.request()).toBe("there");
    world.servers.last.answer("back");
    expect(await client.send("")).toBe("back");
    expect(world.proxy.backends[0]).toMatchObject({ userCount: 1, connected: 1 });
    client.flow.abort();
    await settled();
    expect(world.servers.last.client.isAborted).toBe(true);
    expect(world.proxy.backends[0]).toMatchObject({ userCount: 0 });
    expect(world.proxy.counters).toMatchObject({ upgrades: 1, active: 0 });
  });

  test("handler() gives the answer of a server that does not switch, and tries another one", async () => {
    const world = proxyWorld();
    answering(world, (served) => served.answer("HTTP/1.1 403 No", "content-length: 2", "", "no"));
    expect(await world.exchange(upgrade)).toMatch(/^HTTP\/1\.1 403 No\r\n[^]*no$/);
    world.servers.refusing.add("b");
    expect(await world.exchange(upgrade)).toMatch(/^HTTP\/1\.1 403 /);
    expect(world.servers.last.host).toBe("a:80");
    expect(world.proxy.counters["active"]).toBe(0);
  });
});
