// How connections begin and end, with the kernel's sockets at the other end.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { buffer, text } from "node:stream/consumers";
import { capture } from "./capture.mjs";
import { ours } from "./host.mjs";
import { withTap } from "./lab.mjs";
import { readAll } from "./transfer.mjs";

/** @typedef {import("fata-morgana/devices").TcpFlow} TcpFlow */

const connectionCount = 200;

await withTap(import.meta.url, async (lab) => {
  const { check, host, kernel, run } = lab;
  const frames = await capture(lab);

  for (const version of /** @type {const} */ (["ipv4", "ipv6"])) {
    const there = kernel[version];
    const here = ours[version];

    await check(`both agree on options over ${version}`, [], async () => {
      const { tcp } = await host();
      /** @type {string[]} */
      const seen = [];
      await withServer(there, async (port, sockets) => {
        const flow = await tcp.connect({ address: there, port });
        const socket = await sockets.next();
        seen.push(await options(`sport = :${port}`));
        socket.destroy();
        await flow[Symbol.asyncDispose]();
      });
      tcp.listen(5_000, (flow) => void flow.read().catch(() => {}));
      const socket = await opened(here, 5_000);
      seen.push(await options("dport = :5000"));
      socket.destroy();
      return seen.join("; ");
    });

    await check(`${connectionCount} connections at once to us over ${version}`, [], async () => {
      const { tcp } = await host();
      tcp.listen(5_001, echo, { backlog: connectionCount });
      await Promise.all(
        Array.from({ length: connectionCount }, async (_, index) => {
          const socket = await opened(here, 5_001);
          const sent = Buffer.alloc(5_000, index);
          socket.end(sent);
          holds(sent.equals(await buffer(socket)), `Connection ${index} came back changed`);
        }),
      );
    });

    await check(`${connectionCount} connections at once of ours over ${version}`, [], async () => {
      const { tcp } = await host();
      await withServer(there, async (port, sockets) => {
        const flows = await Promise.all(
          Array.from({ length: connectionCount }, () => tcp.connect({ address: there, port })),
        );
        for (let count = 0; count < connectionCount; count++) {
          const socket = await sockets.next();
          socket.pipe(socket);
        }
        await Promise.all(
          flows.map(async (flow, index) => {
            const sent = Buffer.alloc(5_000, index);
            await flow.write(new Uint8Array(sent));
            await flow.shutdown("write");
            holds(sent.equals(await readAll(flow)), `Connection ${index} came back changed`);
            await flow[Symbol.asyncDispose]();
          }),
        );
      });
    });

    await check(`the kernel closes its half first over ${version}`, [], async () => {
      const { tcp } = await host();
      tcp.listen(5_002, async (flow) => {
        const asked = await readAll(flow);
        await flow.write(new TextEncoder().encode(`You said ${asked.toString()}`));
        await flow[Symbol.asyncDispose]();
      });
      const socket = await opened(here, 5_002);
      socket.end("hello");
      const answer = await text(socket);
      holds(answer === "You said hello", answer);
    });

    await check(`we close our half first over ${version}`, [], async () => {
      const { tcp } = await host();
      await withServer(there, async (port, sockets) => {
        const flow = await tcp.connect({ address: there, port });
        const socket = await sockets.next();
        await flow.write(new TextEncoder().encode("hello"));
        await flow.shutdown("write");
        let asked = "";
        socket.setEncoding("utf8").on("data", (part) => (asked += part));
        await once(socket, "end");
        socket.end(`You said ${asked}`);
        const answer = (await readAll(flow)).toString();
        holds(answer === "You said hello", answer);
      });
    });

    await check(`nobody listens over ${version}`, ["nc"], async () => {
      const { tcp } = await host();
      const toThem = await codeOf(tcp.connect({ address: there, port: 9 }));
      holds(toThem === "refused", toThem);
      const toUs = await codeOf(opened(here, 9));
      holds(toUs === "ECONNREFUSED", toUs);
      const netcat = await run("nc", "-vz", here, "9").catch((error) => error.message);
      holds(netcat.includes("Connection refused"), netcat);
      return `${toThem} for us, ${toUs} for the kernel`;
    });

    await check(`the kernel resets in the middle over ${version}`, [], async () => {
      const { tcp } = await host();
      /** @type {Promise<TcpFlow>} */
      const accepted = new Promise((resolve) => void tcp.listen(5_003, resolve));
      const socket = await opened(here, 5_003);
      const flow = await accepted;
      await flow.write(new Uint8Array(100_000));
      await once(socket, "readable");
      const reading = codeOf(flow.read());
      socket.resetAndDestroy();
      holds((await reading) === "reset", await reading);
    });

    await check(`we reset in the middle over ${version}`, [], async () => {
      const { tcp } = await host();
      tcp.listen(5_004, (flow) => void flow.read().then(() => flow.abort()));
      const socket = await opened(here, 5_004);
      const ended = codeOf(once(socket, "close"));
      socket.write("hello");
      holds((await ended) === "ECONNRESET", await ended);
    });

    await check(`a reader that stops for a while over ${version}`, [], async () => {
      const { tcp } = await host();
      await withServer(there, async (port, sockets) => {
        const flow = await tcp.connect({ address: there, port });
        const socket = await sockets.next();
        const bytes = new Uint8Array(24_000_000);
        const writing = flow.write(bytes).then(() => flow.shutdown("write"));
        // The window closes meanwhile, and only a probe finds it open again if an update is lost.
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        const arrived = await buffer(socket);
        await writing;
        holds(arrived.length === bytes.length, `${arrived.length} bytes came`);
        socket.destroy();
      });
    });
  }

  await check("nobody has the address", [], async () => {
    const { tcp } = await host();
    const startedMs = performance.now();
    const absent = ["10.9.0.99", "fd00:9::99"];
    const codes = await Promise.all(
      absent.map((address) => codeOf(tcp.connect({ address, port: 9 }))),
    );
    holds(
      codes.every((code) => code === "unreachable"),
      codes.join(),
    );
    return `unreachable after ${((performance.now() - startedMs) / 1_000).toFixed(1)} s`;
  });

  await frames.verify();

  /** @param {string} filter of `ss`, for one of the kernel's connections */
  async function options(filter) {
    const line = await run("ss", "-Htino", "state", "established", filter);
    const [, found] = /\b(ts sack.* wscale:\d+,\d+)/.exec(line) ?? [];
    const mss = /\bmss:\d+/.exec(line)?.[0];
    holds(found !== undefined && mss !== undefined, line);
    return `${found} ${mss}`;
  }
});

/** @param {TcpFlow} flow */
async function echo(flow) {
  for (let chunk = await flow.read(); chunk !== undefined; chunk = await flow.read()) {
    await flow.write(chunk);
  }
  await flow[Symbol.asyncDispose]();
}

/**
 * Connects a socket of the kernel's.
 *
 * @param {string} host
 * @param {number} port
 */
async function opened(host, port) {
  const socket = connect({ host, port, allowHalfOpen: true });
  await once(socket, "connect");
  return socket;
}

/**
 * Listens with the kernel's sockets, for as long as `body` takes.
 *
 * @param {string} host
 * @param {(port: number, sockets: { next: () => Promise<import("node:net").Socket> }) =>
 *   Promise<void>} body
 */
async function withServer(host, body) {
  const server = createServer({ allowHalfOpen: true });
  /** @type {import("node:net").Socket[]} */
  const accepted = [];
  server.on("connection", (socket) => accepted.push(socket));
  server.listen({ host, port: 0, backlog: connectionCount });
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("It has no port");
  const next = async () => {
    for (;;) {
      const socket = accepted.shift();
      if (socket !== undefined) return socket;
      await once(server, "connection");
    }
  };
  try {
    await body(address.port, { next });
  } finally {
    server.close();
  }
}

/**
 * The code of the error that is expected.
 *
 * @param {Promise<unknown>} promise
 * @returns {Promise<string>}
 */
async function codeOf(promise) {
  try {
    await promise;
  } catch (error) {
    return /** @type {{ code?: string }} */ (error).code ?? String(error);
  }
  return "no error";
}

/**
 * @param {boolean} truth
 * @param {string} message
 */
function holds(truth, message) {
  if (!truth) throw new Error(message);
}
