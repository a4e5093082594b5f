// Frames from one worker to another through the page's switch, in a real browser: packed into
// messages, and in shared memory, where the page is cross-origin isolated.

import { withPage } from "./browser.mjs";
import { spread } from "./report.mjs";

const rounds = 5;
const durationMs = 1000;

const kinds = [
  { name: "1,514-byte frames", frameBytes: 1514, isAnswered: false },
  { name: "64 KiB segments", frameBytes: 65_549, isAnswered: false },
  { name: "64-byte round trips", frameBytes: 64, isAnswered: true },
];

/** @returns {Promise<readonly import("./report.mjs").Row[]>} */
export async function run() {
  return withPage("links", "measure", async (page) => {
    const rows = [];
    for (const { name, ...frames } of kinds) {
      const samples = {
        messages: /** @type {import("./pages/links/page.ts").Arrived[]} */ ([]),
        ring: /** @type {import("./pages/links/page.ts").Arrived[]} */ ([]),
      };
      // They take turns, so that whatever else the machine does befalls both.
      for (let round = 0; round < rounds; round += 1) {
        for (const [way, sample] of Object.entries(samples)) {
          const traffic = { ...frames, withRing: way === "ring", durationMs };
          sample.push(await page.evaluate((traffic) => window.measure(traffic), traffic));
        }
      }
      for (const [way, sample] of Object.entries(samples))
        rows.push(...rowsOf(`${name}, ${way}`, sample));
    }
    return rows;
  });
}

/**
 * @param {string} what
 * @param {readonly import("./pages/links/page.ts").Arrived[]} samples
 * @returns {readonly import("./report.mjs").Row[]}
 */
function rowsOf(what, samples) {
  const base = {
    target: "browser",
    better: /** @type {const} */ ("higher"),
    aim: null,
    beside: [],
  };
  const perSecond = (/** @type {"frameCount" | "byteCount"} */ count, /** @type {number} */ unit) =>
    spread(samples.map((sample) => sample[count] / unit / (sample.elapsedMs / 1000)));
  return [
    { ...base, measure: what, unit: "MB/s", ...perSecond("byteCount", 1e6) },
    { ...base, measure: what, unit: "frames/s", ...perSecond("frameCount", 1) },
  ];
}
