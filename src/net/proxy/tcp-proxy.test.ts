import { describe, expect, test } from "vitest";
import { address, playRouter, prefix, type RouterWorld } from "../../../test/router-world.ts";
import type { Stack, TcpFlow } from "../../devices/index.ts";
import { connect, type TcpProxy, type TcpProxyOptions } from "./tcp-proxy.ts";

/** A world with a proxy on the lan, and two servers outside that say who they are. */
async function playProxy(
  options: Partial<TcpProxyOptions>,
  play: (world: RouterWorld & { proxy: TcpProxy; servers: Stack[] }) => Promise<void>,
): Promise<void> {
  await playRouter(async (world) => {
    const { stackOn, wires, server, simulation } = world;
    const outside = (text: string): Promise<Stack> =>
      stackOn(wires.wan, {
        ipv4: { address: prefix(`${text}/24`), gateway: address("203.0.113.1") },
        ipv6: "none",
      });
    const servers = [server, await outside("203.0.113.10")];
    const stack = await stackOn(wires.lan, {
      ipv4: { address: prefix("10.0.0.5/24"), gateway: address("10.0.0.1") },
      ipv6: "none",
    });
    const backends = ["203.0.113.9", "203.0.113.10"].map((host) => ({ host, port: 80 }));
    const proxy = connect({ stack, clock: simulation.clock, port: 8080, backends, ...options });
    await play({ ...world, proxy, servers });
    await proxy[Symbol.asyncDispose]();
  });
}

/** Says a number, then echoes, on port 80. */
function say(stack: Stack | undefined, number: number): void {
  stack?.tcp.listen(80, async (flow) => {
    try {
      await flow.write(Uint8Array.of(number));
      for (let chunk = await flow.read(); chunk !== undefined; chunk = await flow.read()) {
        await flow.write(chunk);
      }
      await flow.shutdown("write");
    } catch {
      flow.abort();
    }
  });
}

async function ask(client: Stack): Promise<TcpFlow> {
  return client.connect("10.0.0.5", 8080);
}

async function all(flow: TcpFlow): Promise<number> {
  let count = 0;
  for (let chunk = await flow.read(); chunk !== undefined; chunk = await flow.read())
    count += chunk.length;
  return count;
}

describe("connect()", () => {
  test("carries connections to the servers in turn, half-closed ones to their end", async () => {
    await playProxy({}, async ({ client, servers, proxy }) => {
      servers.forEach((server, index) => say(server, index));
      const seen: (number | undefined)[] = [];
      for (let count = 0; count < 4; count += 1) {
        const flow = await ask(client);
        seen.push((await flow.read())?.[0]);
        await flow.write(new Uint8Array(50_000));
        await flow.shutdown("write");
        expect(await all(flow)).toBe(50_000);
      }
      expect(seen.join()).toMatch(/^(?:0,1,0,1|1,0,1,0)$/);
      expect(proxy.counters).toMatchObject({
        accepted: 4,
        active: 0,
        bytesIn: 200_000,
        bytesOut: 200_004,
      });
    });
  });

  test("holds back a client whose server does not read", async () => {
    await playProxy({}, async ({ client, servers, sleep }) => {
      for (const server of servers) server.tcp.listen(80, () => new Promise<void>(() => {}));
      const flow = await ask(client);
      let written = 0;
      void (async () => {
        for (;;) {
          await flow.write(new Uint8Array(65_536));
          written += 65_536;
        }
      })().catch(() => {});
      await sleep(2000);
      const before = written;
      await sleep(10_000);
      expect(written).toBe(before);
      flow.abort();
    });
  });

  test("tries the next server, and does not try a dead one again until it is back", async () => {
    await playProxy({ checks: { intervalMs: 1000 } }, async ({ client, servers, proxy, sleep }) => {
      say(servers[1], 1);
      for (let count = 0; count < 4; count += 1)
        expect((await (await ask(client)).read())?.[0]).toBe(1);
      await sleep(3500);
      expect(proxy.backends.map(({ isUp }) => isUp)).toEqual([false, true]);
      const { failed } = proxy.backends[0] ?? { failed: 0 };
      await (await ask(client)).read();
      expect(proxy.backends[0]?.failed).toBe(failed);
      say(servers[0], 0);
      await sleep(3500);
      expect(proxy.backends.map(({ isUp }) => isUp)).toEqual([true, true]);
    });
  });

  test("aborts who cannot be served, and who comes when it is full", async () => {
    await playProxy({ maxConnections: 1 }, async ({ client, servers, proxy }) => {
      const lost = await ask(client);
      await expect(lost.read()).rejects.toMatchObject({ code: "reset" });
      expect(proxy.counters["unserved"]).toBe(1);
      servers.forEach((server, index) => say(server, index));
      const first = await ask(client);
      await first.read();
      const second = await ask(client);
      await expect(second.read()).rejects.toMatchObject({ code: "reset" });
      expect(proxy.counters["refused"]).toBe(1);
      await first.shutdown("write");
      await all(first);
      expect((await (await ask(client)).read())?.length).toBe(1);
    });
  });

  test("ends what is silent, sooner if it is half-closed, and passes an abort on", async () => {
    await playProxy(
      { idleMs: 60_000, halfClosedMs: 10_000 },
      async ({ client, servers, proxy, sleep }) => {
        const aborted: string[] = [];
        for (const server of servers) {
          server.tcp.listen(80, async (flow) => {
            await flow.write(Uint8Array.of(1));
            while (
              (await flow.read().catch((error) => void aborted.push(error.code))) !== undefined
            );
          });
        }
        const [silent, half, gone] = [await ask(client), await ask(client), await ask(client)];
        for (const flow of [silent, half, gone]) await flow.read();
        await half.shutdown("write");
        gone.abort();
        await sleep(11_000);
        expect(proxy.counters).toMatchObject({ active: 1, idle: 1, aborted: 1 });
        await sleep(50_000);
        expect(proxy.counters).toMatchObject({ active: 0, idle: 2, aborted: 1 });
        await expect(silent.read()).rejects.toMatchObject({ code: "reset" });
        expect(aborted).toContain("reset");
      },
    );
  });

  test("least-used sends to the server with the fewest connections", async () => {
    await playProxy({ policy: "least-used" }, async ({ client, servers, proxy }) => {
      servers.forEach((server, index) => say(server, index));
      const flows = [await ask(client), await ask(client), await ask(client)];
      for (const flow of flows) await flow.read();
      expect(proxy.backends.map(({ userCount }) => userCount).join()).toMatch(/^(?:1,2|2,1)$/);
      flows[0]?.abort();
      flows[2]?.abort();
      const [fourth, fifth] = [await ask(client), await ask(client)];
      await fourth.read();
      await fifth.read();
      expect(proxy.backends.every(({ userCount }) => userCount >= 1)).toBe(true);
      for (const flow of [flows[1], fourth, fifth]) flow?.abort();
    });
  });
});
