// Large amounts over TCP between a stack of ours and socat or nc, compared by their hash.

import { createHash, randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** @typedef {import("fata-morgana/devices").Stack} Stack */
/** @typedef {import("./lab.mjs").Lab} Lab */
/** @typedef {import("fata-morgana/devices").TcpFlow} TcpFlow */

const blockBytes = 2 ** 24;
const block = randomFillSync(new Uint8Array(blockBytes));

/** How much we hand to a flow at once. */
const chunkBytes = 2 ** 17;

/** Where both sides' programs find the block. */
const folder = mkdtempSync(join(tmpdir(), "morgana-transfer-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, "block");
writeFileSync(file, block);

/**
 * What the kernel sends arrives unchanged.
 *
 * @param {Lab} lab
 * @param {Stack} stack
 * @param {{ to: string, bytes: number, program: "socat" | "nc" }} options `to`: our address
 * @returns {Promise<string>} how fast
 */
export async function receive({ start }, stack, { to, bytes, program }) {
  const sender =
    program === "nc"
      ? `nc -N ${to} 6000`
      : `socat -u -b 131072 STDIN TCP:${to.includes(":") ? `[${to}]` : to}:6000`;
  const hash = createHash("sha256");
  let startedMs = 0;
  /** @type {Promise<void>} */
  const ended = new Promise((resolve, reject) => {
    stack.tcp.listen(6_000, async (flow) => {
      startedMs = performance.now();
      try {
        for (let chunk = await flow.read(); chunk !== undefined; chunk = await flow.read()) {
          hash.update(chunk);
        }
        await flow[Symbol.asyncDispose]();
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  });
  const sending = start("sh", "-c", `while cat ${file}; do :; done | head -c ${bytes} | ${sender}`);
  await Promise.race([ended, within(bytes, sending)]);
  const seconds = (performance.now() - startedMs) / 1_000;
  if (hash.digest("hex") !== hashOf(bytes)) throw new Error("What arrived is not what was sent");
  return rate(bytes, seconds);
}

/**
 * What we send reaches the kernel unchanged.
 *
 * @param {Lab} lab
 * @param {Stack} stack
 * @param {{ to: string, bytes: number, program: "socat" | "nc" }} options `to`: the kernel's
 * @returns {Promise<string>} how fast
 */
export async function send({ start, untilListens }, stack, { to, bytes, program }) {
  const family = to.includes(":") ? 6 : 4;
  const receiver =
    program === "nc"
      ? `nc -${family} -l -d 6001`
      : `socat -u -b 131072 TCP${family}-LISTEN:6001,reuseaddr STDOUT`;
  const receiving = start("sh", "-c", `${receiver} | sha256sum`);
  await untilListens(6_001);
  const startedMs = performance.now();
  const flow = await stack.connect(to, 6_001);
  const sending = (async () => {
    // What is given is never changed.
    for (const chunk of chunks(bytes)) await flow.write(chunk);
    await flow.shutdown("write");
    await receiving.ended;
  })();
  await Promise.race([sending, within(bytes, receiving)]);
  const seconds = (performance.now() - startedMs) / 1_000;
  await flow[Symbol.asyncDispose]();
  if (!receiving.output().includes(hashOf(bytes))) {
    throw new Error(`What arrived is not what was sent: ${receiving.output()}`);
  }
  return rate(bytes, seconds);
}

/**
 * Rejects if it takes longer than even a bad link needs.
 *
 * @param {number} bytes
 * @param {import("./lab.mjs").Started} program
 * @returns {Promise<never>}
 */
function within(bytes, program) {
  return new Promise((_, reject) => {
    const fail = () => reject(new Error(`It takes too long: ${program.output()}`));
    setTimeout(fail, 60_000 + bytes / 20_000).unref();
  });
}

/** @param {number} bytes */
function* chunks(bytes) {
  for (let offset = 0; offset < bytes; offset += chunkBytes) {
    const start = offset % blockBytes;
    yield block.subarray(start, start + Math.min(chunkBytes, bytes - offset));
  }
}

/** @param {number} bytes */
function hashOf(bytes) {
  const hash = createHash("sha256");
  for (const chunk of chunks(bytes)) hash.update(chunk);
  return hash.digest("hex");
}

/**
 * @param {number} bytes
 * @param {number} seconds
 */
function rate(bytes, seconds) {
  const perSecond = (bytes / 1e6 / seconds).toPrecision(3);
  return `${bytes / 2 ** 20} MiB in ${seconds.toFixed(1)} s, ${perSecond} MB/s`;
}

/**
 * What a peer sends until it ends its side.
 *
 * @param {TcpFlow} flow
 */
export async function readAll(flow) {
  const chunks = [];
  for (let chunk = await flow.read(); chunk !== undefined; chunk = await flow.read()) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
