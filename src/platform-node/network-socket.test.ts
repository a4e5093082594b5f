import { createSocket } from "node:dgram";
import { mkdtempSync, rmSync } from "node:fs";
import type { Server, Socket } from "node:net";
import { connect as openSocket, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterAll, describe, expect, test } from "vitest";
import { networkLaws } from "../conformance/index.ts";
import type { Network } from "../devices/index.ts";
import type { SocketLink } from "./network-socket-link.ts";
import { connect } from "./network-socket.ts";

const folder = mkdtempSync(join(tmpdir(), "morgana-network-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let pathCount = 0;
const freshPath = (): string => join(folder, `${pathCount++}.sock`);

/** Lets what is under way through the kernel arrive. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Two ports that nobody has. */
async function freePorts(): Promise<readonly [number, number]> {
  const sockets = [createSocket("udp4"), createSocket("udp4")];
  const ports = await Promise.all(
    sockets.map(async (socket) => {
      await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
      return socket.address().port;
    }),
  );
  await Promise.all(sockets.map((socket) => new Promise<void>((done) => socket.close(done))));
  return [ports[0] ?? 0, ports[1] ?? 0];
}

async function connectDatagrams(): Promise<[Network, Network]> {
  const [one, other] = (await freePorts()).map((port) => ({ host: "127.0.0.1", port }));
  if (one === undefined || other === undefined) throw new Error("There are no two ports");
  return [
    await connect({ link: { kind: "udp", local: one, peer: other } }),
    await connect({ link: { kind: "udp", local: other, peer: one } }),
  ];
}

/** Waits until `holds`, which it must, soon. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await delay(2);
}

async function connectStreams(listenAt = freshPath(), dialTo = listenAt): Promise<Network[]> {
  const server = await connect({ link: { kind: "listen", at: listenAt } });
  const client = await connect({ link: { kind: "stream", to: dialTo } });
  await until(() => server.linkUp && client.linkUp);
  return [client, server];
}

const frame = Uint8Array.of(2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 0x88, 0xb5, 1, 2, 3);

function send(network: Network): void {
  network.write(frame.length, (into) => (into.set(frame), frame.length));
}

function listen(network: Network): Uint8Array[] {
  const heard: Uint8Array[] = [];
  network.listen({ frame: (bytes) => void heard.push(bytes.slice()) });
  return heard;
}

describe("the laws of Network, over UDP", () => {
  for (const law of networkLaws({ connectPair: connectDatagrams, settle })) {
    test(law.name, () => law.run());
  }
});

describe("the laws of Network, over a stream", () => {
  /** A cable between the two, which can be pulled out. */
  const cables = new WeakMap<Network, { setLink(linkUp: boolean): void }>();

  async function connectPair(): Promise<[Network, Network]> {
    const [outer, inner] = [freshPath(), freshPath()];
    const sockets = new Set<Socket>();
    let isPluggedIn = true;
    const proxy: Server = createServer((one) => {
      const other = openSocket({ path: inner });
      one.pipe(other).pipe(one);
      for (const socket of [one, other]) {
        socket.on("error", () => {}).on("close", () => sockets.delete(socket));
        sockets.add(socket);
        if (!isPluggedIn) socket.destroy();
      }
    });
    await new Promise<void>((resolve) => proxy.listen({ path: outer }, resolve));
    proxy.unref();
    const [client, server] = await connectStreams(inner, outer);
    if (client === undefined || server === undefined) throw new Error("There is no pair");
    const setLink = (linkUp: boolean): void => {
      isPluggedIn = linkUp;
      if (!linkUp) for (const socket of sockets) socket.destroy();
    };
    cables.set(client, { setLink });
    return [client, server];
  }

  async function setLink(network: Network, linkUp: boolean): Promise<void> {
    cables.get(network)?.setLink(linkUp);
    // A connection that the cable takes only to drop it is one, for a moment.
    await until(() => network.linkUp === linkUp);
    await delay(linkUp ? 20 : 0);
  }

  for (const law of networkLaws({ connectPair, settle, setLink })) {
    test(law.name, () => law.run());
  }
});

describe("connect()", () => {
  test("rejects with unreachable, when the port is taken or the descriptor is none", async () => {
    const at = freshPath();
    await using _server = await connect({ link: { kind: "listen", at } });
    const links: SocketLink[] = [
      { kind: "listen", at },
      { kind: "fd", fd: 1_000_000 },
    ];
    for (const link of links) {
      await expect(connect({ link })).rejects.toMatchObject({
        name: "NetworkError",
        code: "unreachable",
        message: expect.stringMatching(/^Cannot connect a network: \S+/),
      });
    }
  });

  test("waits for a peer that comes later", async () => {
    const path = freshPath();
    const client = connect({ link: { kind: "stream", to: path } });
    await using server = await connect({ link: { kind: "listen", at: path } });
    await using _client = await client;
    await until(() => server.linkUp);
    expect((await client).linkUp).toBe(true);
  });

  test("rejects with the signal's reason, while it waits", async () => {
    const controller = new AbortController();
    const link = { kind: "stream", to: freshPath() } as const;
    const waiting = connect({ link, signal: controller.signal });
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
  });

  test("picks another address of one host each time, and refuses one of a group", async () => {
    const [one, other] = await connectDatagrams();
    expect(one.mac).not.toEqual(other.mac);
    expect((one.mac[0] ?? 0) & 0b11).toBe(0b10);
    const link = { kind: "listen", at: freshPath() } as const;
    await expect(connect({ link, mac: new Uint8Array(6).fill(255) })).rejects.toThrow(RangeError);
    await expect(connect({ link, mtu: 67 })).rejects.toThrow(RangeError);
    await Promise.all([one[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
  });
});

describe("a stream", () => {
  test("is lost and counted at a length that no frame has, and opened again", async () => {
    const path = freshPath();
    await using server = await connect({ link: { kind: "listen", at: path } });
    const heard = listen(server);
    const told: boolean[] = [];
    server.onLinkChange((linkUp) => told.push(linkUp));
    const peer = openSocket({ path });
    peer.on("error", () => {});
    peer.write(Uint8Array.of(0, 0, 0, 13, 1, 2, 3));
    await until(() => told.length === 2);
    expect(told).toEqual([true, false]);
    expect(server.counters["malformedIn"]).toBe(1);
    await using client = await connect({ link: { kind: "stream", to: path } });
    send(client);
    await until(() => heard.length === 1);
    expect(heard).toEqual([frame]);
  });

  test("counts a frame over the MTU, and goes on", async () => {
    const path = freshPath();
    await using server = await connect({ link: { kind: "listen", at: path } });
    const heard = listen(server);
    const peer = openSocket({ path });
    const long = new Uint8Array(4 + 1515);
    long.set([0, 0, 1515 >> 8, 1515 & 255]);
    peer.write(long);
    peer.write(Uint8Array.of(0, 0, 0, frame.length, ...frame));
    await until(() => heard.length === 1);
    expect(server.counters["malformedIn"]).toBe(1);
    peer.destroy();
  });

  test("is read the same, however it is cut", async () => {
    const path = freshPath();
    await using server = await connect({ link: { kind: "listen", at: path } });
    const heard = listen(server);
    const peer = openSocket({ path });
    const bytes = Uint8Array.of(0, 0, 0, frame.length, ...frame);
    for (const byte of [...bytes, ...bytes]) {
      peer.write(Uint8Array.of(byte));
      await settle();
    }
    await until(() => heard.length === 2);
    expect(heard).toEqual([frame, frame]);
    peer.destroy();
  });

  test("drops and counts what a peer does not take", async () => {
    const path = freshPath();
    await using server = await connect({ link: { kind: "listen", at: path } });
    const peer = openSocket({ path }).pause();
    await until(() => server.linkUp);
    for (let index = 0; index < 4000; index++) server.write(1514, (into) => into.length);
    expect(server.counters.droppedOut).toBeGreaterThan(1000);
    expect(server.counters.framesOut + server.counters.droppedOut).toBe(4000);
    peer.destroy();
  });

  test("is one's: a second peer is turned away", async () => {
    const path = freshPath();
    const [client, server] = await connectStreams(path);
    const second = openSocket({ path });
    await new Promise((resolve) => second.on("close", resolve));
    expect(server?.linkUp).toBe(true);
    await Promise.all([client?.[Symbol.asyncDispose](), server?.[Symbol.asyncDispose]()]);
  });
});

test("datagrams of somebody else are not heard", async () => {
  const [local, peer] = await freePorts();
  const host = "127.0.0.1";
  const link = { kind: "udp", local: { host, port: local }, peer: { host, port: peer } } as const;
  await using network = await connect({ link });
  const heard = listen(network);
  const stranger = createSocket("udp4");
  await new Promise((resolve) => stranger.send(frame, local, host, resolve));
  await settle();
  expect(heard).toEqual([]);
  stranger.close();
});
