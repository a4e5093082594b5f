// Our HTTP proxy on our own stack, between curl and two of Node's own servers.

import { createHash } from "node:crypto";
import { request } from "node:http";
import { connect as connectServer } from "fata-morgana/net/http/server";
import { connect as connectProxy } from "fata-morgana/net/proxy/http-proxy";
import { capture } from "./capture.mjs";
import { clock, ours, random } from "./host.mjs";
import { withTap } from "./lab.mjs";

/** A server that hashes what it gets, and sends a file whose hash everybody knows. */
const server = `
  const { createHash } = require("node:crypto");
  const { createServer } = require("node:http");
  const [port, bytes] = process.argv.slice(1).map(Number);
  const server = createServer((request, response) => {
    if (request.url === "/hash") {
      const hash = createHash("sha256");
      request.on("data", (chunk) => hash.update(chunk));
      request.on("end", () => response.end(hash.digest("hex")));
    } else if (request.url.startsWith("/zeros")) {
      if (request.url === "/zeros") response.setHeader("content-length", bytes);
      let left = bytes;
      const block = Buffer.alloc(65536);
      const more = () => {
        while (left > 0) {
          const size = Math.min(left, block.length);
          left -= size;
          if (!response.write(block.subarray(0, size))) return response.once("drain", more);
        }
        response.end();
      };
      more();
    } else if (request.url === "/cut") {
      response.setHeader("content-length", 1000);
      response.write("x", () => response.destroy());
    } else response.end(String(port));
  });
  server.on("upgrade", (request, socket, head) => {
    socket.write("HTTP/1.1 101 Switching Protocols\\r\\nConnection: upgrade\\r\\nUpgrade: echo\\r\\n\\r\\n");
    socket.write(head);
    socket.pipe(socket);
    socket.on("error", () => {});
  });
  server.listen(port, "10.9.0.1");`;

const ports = [8001, 8002];

await withTap(import.meta.url, async (lab) => {
  const { check, host, kernel, run, start, untilListens } = lab;
  const bytes = process.argv.includes("--quick") ? 2 ** 25 : 2 ** 28;
  const there = `http://${ours.ipv4}`;

  /** Starts the servers, and the proxy on our stack. */
  async function serve() {
    const servers = ports.map((port) =>
      start(process.execPath, "-e", server, `${port}`, `${bytes}`),
    );
    for (const port of ports) await untilListens(port);
    const stack = await host();
    const backends = ports.map((port) => ({ host: kernel.ipv4.replace(/\/.*/, ""), port }));
    const checks = { intervalMs: 500, timeoutMs: 500, failuresUntilDown: 2 };
    const proxy = connectProxy({ stack, clock, random, backends, checks, connectMs: 1000 });
    const limits = { bodyBytes: 2 ** 30 };
    connectServer({ tcp: stack.tcp, clock, limits }).serve(80, proxy.handler);
    return { proxy, servers };
  }

  const zeros = `head -c ${bytes} /dev/zero`;
  const expected = hashOfZeros(bytes);
  await check("curl -T through the proxy, in chunks, and with a length", ["curl"], async () => {
    const { proxy } = await serve();
    const startedMs = performance.now();
    const chunked = await run("sh", "-c", `${zeros} | curl -sS -T - ${there}/hash`);
    const seconds = (performance.now() - startedMs) / 1000;
    holds(chunked === expected, `the server got ${chunked}`);
    const length = `${zeros} | curl -sS -X PUT -H 'Content-Length: ${bytes}' -H 'Transfer-Encoding:'`;
    const plain = await run("sh", "-c", `${length} -T - ${there}/hash`);
    holds(plain === expected, `the server got ${plain}`);
    await proxy[Symbol.asyncDispose]();
    return `${Math.round(bytes / seconds / 1e6)} MB/s`;
  });

  await check("curl of a large answer through the proxy", ["curl"], async () => {
    const { proxy } = await serve();
    const startedMs = performance.now();
    const plain = await run("sh", "-c", `curl -sS ${there}/zeros | sha256sum`);
    const seconds = (performance.now() - startedMs) / 1000;
    holds(plain.startsWith(expected), plain);
    const chunked = await run("sh", "-c", `curl -sS ${there}/zeros-in-chunks | sha256sum`);
    holds(chunked.startsWith(expected), chunked);
    await proxy[Symbol.asyncDispose]();
    return `${Math.round(bytes / seconds / 1e6)} MB/s`;
  });

  // From here on: tshark would put all of the large bodies together.
  const frames = await capture(lab);
  await check("a server is killed meanwhile, and comes back", ["curl"], async () => {
    const { proxy, servers } = await serve();
    const asking = run(
      "sh",
      "-c",
      `for n in $(seq 100); do curl -sS -m 10 -w '\\n' ${there}/; sleep 0.02; done`,
    );
    await new Promise((resolve) => setTimeout(resolve, 700));
    await servers[0]?.stop();
    const answers = (await asking).trim().split("\n");
    holds(
      answers.length === 100 && answers.every((answer) => ports.includes(Number(answer))),
      answers.join(" "),
    );
    holds(new Set(answers.slice(0, 10)).size === 2, "Both servers were asked at first");
    holds(new Set(answers.slice(-10)).has("8002"), answers.join(" "));
    holds(new Set(answers.slice(-10)).size === 1, answers.join(" "));
    holds(proxy.counters["failed"] === 0, "A request failed");
    start(process.execPath, "-e", server, "8001", `${bytes}`);
    await untilListens(8001);
    await new Promise((resolve) => setTimeout(resolve, 2000));
    holds(
      proxy.backends.every(({ isUp }) => isUp),
      "A server that is back is up",
    );
    await proxy[Symbol.asyncDispose]();
  });

  await check("an answer that is cut off is no whole one", ["curl"], async () => {
    const { proxy } = await serve();
    const code = await run("sh", "-c", `curl -sS ${there}/cut; echo " $?"`);
    holds(/ (?:18|56)$/.test(code.trim()) || code.includes("502"), code);
    await proxy[Symbol.asyncDispose]();
  });

  await check("Node upgrades through the proxy", [], async () => {
    const { proxy } = await serve();
    const heard = await upgraded(`${there}/`, "hello");
    holds(heard === "hello", heard);
    await proxy[Symbol.asyncDispose]();
  });

  await frames.verify();
});

/**
 * Asks for another protocol, and resolves to what comes back of `text`.
 *
 * @param {string} url
 * @param {string} text
 * @returns {Promise<string>}
 */
function upgraded(url, text) {
  return new Promise((resolve, reject) => {
    const asked = request(url, { headers: { connection: "Upgrade", upgrade: "echo" } });
    asked.on("upgrade", (_response, socket) => {
      socket.on("data", (data) => {
        resolve(data.toString());
        socket.destroy();
      });
      socket.write(text);
    });
    asked.on("response", ({ statusCode }) => reject(new Error(`It was answered ${statusCode}`)));
    asked.on("error", reject).end();
  });
}

/** @param {number} byteCount */
function hashOfZeros(byteCount) {
  const hash = createHash("sha256");
  const block = new Uint8Array(2 ** 20);
  for (let left = byteCount; left > 0; left -= block.length) hash.update(block);
  return hash.digest("hex");
}

/**
 * @param {boolean} truth
 * @param {string} message
 */
function holds(truth, message) {
  if (!truth) throw new Error(message);
}
