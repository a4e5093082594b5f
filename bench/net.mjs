// The network stack: in one thread, in a Chromium worker and on Node, beside Node's own sockets;
// between two workers through the page's switch; and on a long path in virtual time.

import { withPage } from "./browser.mjs";
import { bundled } from "./bundled.mjs";
import { spread } from "./report.mjs";
import { measureSizes } from "./size.mjs";

const rounds = 7;

/** @returns {Promise<readonly import("./report.mjs").Row[]>} */
export async function run() {
  /** @type {typeof import("./net/node.ts")} */
  const node = await bundled(new URL("net/node.ts", import.meta.url));
  const samples = await withPage("net", "between", (page) => takeTurns(node, page));
  return rowsOf(node.measures, samples, await sizes());
}

/** @returns {Promise<number>} bytes of echo-server's worker */
async function sizes() {
  return (await measureSizes())["echo-server's worker"] ?? Number.NaN;
}

/**
 * Everything in turns, so that whatever else the machine does befalls all.
 *
 * @param {typeof import("./net/node.ts")} node
 * @param {import("@playwright/test").Page} page
 */
async function takeTurns(node, page) {
  /** @type {Map<string, number[]>} */
  const samples = new Map();
  const add = (/** @type {string} */ name, /** @type {number} */ value) => {
    samples.set(name, [...(samples.get(name) ?? []), value]);
  };
  for (let round = 0; round < rounds; round += 1) {
    for (const name of Object.keys(node.measures)) {
      add(`node ${name}`, await node.sample(name));
      add(`browser ${name}`, await page.evaluate((name) => window.sample(name), name));
    }
    add("messages", await page.evaluate(() => window.between(false)));
    add("ring", await page.evaluate(() => window.between(true)));
    add("sockets stream", await node.socketStream());
    add("sockets round trips", await node.socketRoundTrips());
    add("sockets connections", await node.socketConnections());
  }
  add("long path", await node.shareOfLongPath());
  add("idle", await node.idleMegabytes());
  return samples;
}

/**
 * @param {typeof import("./net/measures.ts").measures} measures
 * @param {ReadonlyMap<string, readonly number[]>} samples
 * @param {number} echoServerBytes
 * @returns {readonly import("./report.mjs").Row[]}
 */
function rowsOf(measures, samples, echoServerBytes) {
  const of = (/** @type {string} */ name) => spread(samples.get(name) ?? []);
  const node = (/** @type {string} */ name) => ({ name: "node:net", median: of(name).median });
  /** @type {Record<string, import("./report.mjs").Row["beside"]>} */
  const beside = {
    "one stream, 1,500-byte frames, all checksums": [node("sockets stream")],
    "64-byte TCP round trips": [node("sockets round trips")],
    "connections opened and closed": [node("sockets connections")],
  };
  /**
   * @param {string} measure
   * @param {string} target
   * @param {string} unit
   * @param {"higher" | "lower"} better
   * @param {number | null} aim
   * @param {{ median: number, low: number, high: number }} sample
   * @param {import("./report.mjs").Row["beside"]} [others]
   */
  const row = (measure, target, unit, better, aim, sample, others = []) => ({
    measure,
    target,
    unit,
    better,
    ...sample,
    aim,
    beside: others,
  });
  const rows = Object.entries(measures).flatMap(([measure, { unit, better, aim }]) =>
    ["browser", "node"].map((target) => {
      const sample = of(`${target} ${measure}`);
      const others = target === "node" ? beside[measure] : [];
      return row(`${measure} (${target})`, target, unit, better, aim, sample, others);
    }),
  );
  return [
    ...rows,
    row(
      "one stream, worker to worker (messages)",
      "browser",
      "MB/s",
      "higher",
      500,
      of("messages"),
    ),
    row("one stream, worker to worker (ring)", "browser", "MB/s", "higher", 1000, of("ring")),
    row("share of a path of 50 ms", "simulated", "%", "higher", 95, of("long path")),
    row("10,000 idle connections", "node", "MB", "lower", 40, of("idle")),
    row(
      "echo-server's worker",
      "browser",
      "bytes gzipped",
      "lower",
      25_000,
      spread([echoServerBytes]),
    ),
  ];
}
