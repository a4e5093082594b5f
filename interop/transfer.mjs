// Large amounts over TCP between a stack of ours and socat or nc, compared by their hash.

import { createHash, randomFillSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** @typedef {import("fata-morgana/devices").Stack} Stack */
/** @typedef {import("./lab.mjs").Lab} Lab */

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
 * @param {{ to: string, blockCount: number, program: "socat" | "nc" }} options `to`: our address
 * @returns {Promise<string>} how fast
 */
export async function receive({ start }, stack, { to, blockCount, program }) {
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
  const sending = start(
    "sh",
    "-c",
    `for _ in $(seq ${blockCount}); do cat ${file}; done | ${sender}`,
  );
  await Promise.race([ended, within(blockCount, sending)]);
  const seconds = (performance.now() - startedMs) / 1_000;
  if (hash.digest("hex") !== hashOf(blockCount))
    throw new Error("What arrived is not what was sent");
  return rate(blockCount, seconds);
}

/**
 * What we send reaches the kernel unchanged.
 *
 * @param {Lab} lab
 * @param {Stack} stack
 * @param {{ to: string, blockCount: number, program: "socat" | "nc" }} options `to`: the kernel's
 * @returns {Promise<string>} how fast
 */
export async function send({ start, untilListens }, stack, { to, blockCount, program }) {
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
    for (let count = 0; count < blockCount; count++) {
      for (let offset = 0; offset < blockBytes; offset += chunkBytes) {
        // What is given is never changed.
        await flow.write(block.subarray(offset, offset + chunkBytes));
      }
    }
    await flow.shutdown("write");
    await receiving.ended;
  })();
  await Promise.race([sending, within(blockCount, receiving)]);
  const seconds = (performance.now() - startedMs) / 1_000;
  await flow[Symbol.asyncDispose]();
  if (!receiving.output().includes(hashOf(blockCount))) {
    throw new Error(`What arrived is not what was sent: ${receiving.output()}`);
  }
  return rate(blockCount, seconds);
}

/**
 * Rejects if it takes longer than even a bad link needs.
 *
 * @param {number} blockCount
 * @param {import("./lab.mjs").Started} program
 * @returns {Promise<never>}
 */
function within(blockCount, program) {
  return new Promise((_, reject) => {
    const fail = () => reject(new Error(`It takes too long: ${program.output()}`));
    setTimeout(fail, 30_000 + blockCount * 1_000).unref();
  });
}

/** @param {number} blockCount */
function hashOf(blockCount) {
  const hash = createHash("sha256");
  for (let count = 0; count < blockCount; count++) hash.update(block);
  return hash.digest("hex");
}

/**
 * @param {number} blockCount
 * @param {number} seconds
 */
function rate(blockCount, seconds) {
  const mebibytes = (blockCount * blockBytes) / 2 ** 20;
  const megabytes = (blockCount * blockBytes) / 1e6;
  const perSecond = (megabytes / seconds).toPrecision(3);
  return `${mebibytes} MiB in ${seconds.toFixed(1)} s, ${perSecond} MB/s`;
}
