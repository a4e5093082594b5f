// TCP over a link that loses, delays, doubles and reorders: all that is sent still arrives, once.

import { once } from "node:events";
import { connect, createServer } from "node:net";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { ours } from "./host.mjs";
import { withTap } from "./lab.mjs";
import { readAll, receive, send } from "./transfer.mjs";

const connectionCount = 200;

/** With `--quick`, less is sent. */
const divisor = process.argv.includes("--quick") ? 4 : 1;

const links = [
  { mebibytes: 64, faults: ["--loss=0.01"] },
  { mebibytes: 16, faults: ["--loss=0.01", "--delay-ms=10"] },
  { mebibytes: 32, faults: ["--reordering=0.1", "--delay-ms=5", "--hold-back-ms=3"] },
  { mebibytes: 64, faults: ["--duplication=0.2"] },
  {
    mebibytes: 8,
    faults: ["--loss=0.05", "--duplication=0.05", "--reordering=0.05", "--delay-ms=2"],
  },
  { mebibytes: 0.25, faults: ["--loss=0.2", "--delay-ms=1"] },
];

await withTap(import.meta.url, async (lab) => {
  const { check, fd, host, kernel, start } = lab;

  for (const { mebibytes, faults } of links) {
    const bytes = (mebibytes * 2 ** 20) / divisor;
    const name = faults.join(" ").replaceAll("--", "");

    await check(`to us with ${name}`, ["socat"], async () => {
      const stack = await bridged(faults);
      return receive(lab, stack, { to: ours.ipv4, bytes, program: "socat" });
    });

    await check(`from us with ${name}`, ["socat"], async () => {
      const stack = await bridged(faults);
      const took = await send(lab, stack, { to: kernel.ipv4, bytes, program: "socat" });
      // They are counted once the connection has ended.
      await sleep(300);
      const { tcpRetransmissions = 0, tcpSegmentsOut = 0 } = stack.counters;
      return `${took}; ${tcpRetransmissions} of ${tcpSegmentsOut} segments again`;
    });
  }

  const faults = ["--loss=0.02", "--duplication=0.02", "--reordering=0.05", "--delay-ms=2"];
  const name = faults.join(" ").replaceAll("--", "");

  await check(
    `${connectionCount} connections to us, each half-closed, with ${name}`,
    [],
    async () => {
      const { tcp } = await bridged(faults);
      tcp.listen(5_010, async (flow) => {
        const heard = await readAll(flow);
        await flow.write(new Uint8Array(heard));
        await flow[Symbol.asyncDispose]();
      });
      await eachWithItsOwn(async (sent) => {
        const socket = connect(5_010, ours.ipv4);
        socket.end(sent);
        return buffer(socket);
      });
    },
  );

  await check(
    `${connectionCount} connections from us, each half-closed, with ${name}`,
    [],
    async () => {
      const { tcp } = await bridged(faults);
      const server = createServer({ allowHalfOpen: true }, (socket) => {
        /** @type {Buffer[]} */
        const heard = [];
        socket.on("data", (bytes) => heard.push(bytes));
        socket.on("end", () => socket.end(Buffer.concat(heard)));
      });
      server.listen(5_011, kernel.ipv4, connectionCount);
      await once(server, "listening");
      try {
        await eachWithItsOwn(async (sent) => {
          const flow = await tcp.connect({ address: kernel.ipv4, port: 5_011 });
          await flow.write(new Uint8Array(sent));
          await flow.shutdown("write");
          const heard = await readAll(flow);
          await flow[Symbol.asyncDispose]();
          return heard;
        });
      } finally {
        server.close();
      }
    },
  );

  /**
   * Sends different bytes on many connections at once, each of which has to bring back its own.
   *
   * @param {(sent: Buffer) => Promise<Buffer>} exchange
   */
  async function eachWithItsOwn(exchange) {
    const exchanges = Array.from({ length: connectionCount }, async (_, index) => {
      const sent = Buffer.alloc(5_000, index);
      return sent.equals(await exchange(sent));
    });
    const wrong = (await Promise.all(exchanges)).filter((isSame) => !isSame).length;
    if (wrong > 0) throw new Error(`${wrong} of ${connectionCount} came back changed`);
  }

  /**
   * Our stack, with such a link between it and the TAP device.
   *
   * @param {readonly string[]} faults
   */
  async function bridged(faults) {
    const nets = [`fd:${fd}`, "stream::4000"];
    const bridge = start(process.execPath, "interop/faulty-bridge.mjs", ...nets, ...faults);
    const stack = await host({ net: "listen::4000" });
    await bridge.shows("ready");
    return stack;
  }
});
