// HTTP: between two workers of a page, on Node beside its own server, through a TAP device, and from
// a page to a unikernel through the service worker. `wrk` and root are needed for some of it, which
// is left out with a word where they are missing.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { whyNoLab } from "../interop/lab.mjs";
import { serveStatic } from "../scripts/serve-static.mjs";
import { capture, say } from "../scripts/step.mjs";
import { launch, withPage } from "./browser.mjs";
import { bundled } from "./bundled.mjs";
import { spread } from "./report.mjs";
import { measureSizes } from "./size.mjs";
import { requestRate, withServer } from "./web/wrk.mjs";

const rounds = 5;

/** @param {string} path */
const at = (path) => fileURLToPath(new URL(path, import.meta.url));

/** @typedef {import("./report.mjs").Row} Row */

/** @returns {Promise<readonly Row[]>} */
export async function run() {
  // Before anything else has filled this heap.
  const idleSample = [await idle()];
  return [
    ...(await betweenWorkers()),
    ...(await onNode()),
    ...(await throughServiceWorker()),
    row("memory of 10,000 idle connections", "node", "MB", "lower", idleSample, 100),
    row(
      "static-website's worker without its files",
      "browser",
      "bytes gzipped",
      "lower",
      [(await measureSizes())["static-website's worker without its files"] ?? Number.NaN],
      40_000,
    ),
  ];
}

/**
 * @param {string} measure
 * @param {string} target
 * @param {string} unit
 * @param {"higher" | "lower"} better
 * @param {readonly number[]} sample
 * @param {number | null} aim
 * @param {Row["beside"]} [beside]
 * @returns {Row}
 */
function row(measure, target, unit, better, sample, aim, beside = []) {
  return { measure, target, unit, better, ...spread(sample), aim, beside };
}

/** @returns {Promise<readonly Row[]>} */
async function betweenWorkers() {
  return withPage("web", "httpBetween", async (page) => {
    const requests = [];
    const body = [];
    for (let round = 0; round < rounds; round += 1) {
      requests.push(await page.evaluate(() => window.httpBetween("requests")));
      body.push(await page.evaluate(() => window.httpBetween("body")));
    }
    return [
      row(
        "requests between two workers, 32 connections",
        "browser",
        "/s",
        "higher",
        requests,
        30_000,
      ),
      row("100 MiB body between two workers", "browser", "MB/s", "higher", body, 300),
    ];
  });
}

/** @returns {Promise<readonly Row[]>} */
async function onNode() {
  if ((await capture("wrk", ["--version"])).output === "") {
    say("There is no wrk: requests on Node are not measured.");
    return [];
  }
  const folder = mkdtempSync(join(tmpdir(), "morgana-bench-"));
  try {
    const words = ["dist/cli/index.js", "build", "bench/unikernels/answers", "-t", "node"];
    await capture(process.execPath, [...words, "--out", folder]);
    const program = join(folder, "answers.mjs");
    const own = [];
    const peer = [];
    for (let round = 0; round < rounds; round += 1) {
      own.push(
        await withServer([program, "--port=18290"], () => requestRate("http://127.0.0.1:18290/")),
      );
      peer.push(
        await withServer([at("web/node-http.mjs"), "18291"], () =>
          requestRate("http://127.0.0.1:18291/"),
        ),
      );
    }
    const { median } = spread(peer);
    const beside = [{ name: "node:http", median }];
    return [
      row("requests of wrk -c 64, kernel's sockets", "node", "/s", "higher", own, median, beside),
      ...(await throughTap(program)),
    ];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * @param {string} program
 * @returns {Promise<readonly Row[]>}
 */
async function throughTap(program) {
  const reason = whyNoLab();
  if (reason !== undefined) {
    say(`Requests through a TAP device are not measured: ${reason}.`);
    return [];
  }
  process.env.MORGANA_BENCH_PROGRAM = program;
  const { output } = await capture(process.execPath, [at("web/tap.mjs")]);
  const rates = JSON.parse(output.trim().split("\n").at(-1) ?? "");
  const { median } = spread(rates.sockets);
  const beside = [{ name: "the kernel's sockets", median }];
  return [
    row(
      "requests of wrk -c 64, our stack on a TAP",
      "node",
      "/s",
      "higher",
      rates.own,
      median / 3,
      beside,
    ),
  ];
}

/** @returns {Promise<readonly Row[]>} */
async function throughServiceWorker() {
  const folder = mkdtempSync(join(tmpdir(), "morgana-bench-"));
  const words = ["dist/cli/index.js", "build", "bench/unikernels", "--out", folder];
  await capture(process.execPath, words);
  const browser = await launch();
  const site = await serveStatic({ directory: folder });
  const bare = await serveStatic({ directory: at("pages/web-static") });
  try {
    const page = await browser.newPage();
    await page.goto(`${site.url}answers/`);
    await page.frameLocator("morgana-site iframe").getByText("aaa").waitFor();
    const peer = await browser.newPage();
    await peer.goto(bare.url);
    await peer.waitForFunction(() => "isReady" in globalThis && navigator.serviceWorker.controller);
    const rates = [];
    const peerRates = [];
    const added = [];
    for (let round = 0; round < rounds; round += 1) {
      rates.push(await page.evaluate(rateOf, "~/"));
      peerRates.push(await peer.evaluate(rateOf, "~/"));
      const own = await page.evaluate(latencyOf, "~/");
      added.push(own - (await peer.evaluate(latencyOf, "~/")));
    }
    const { median } = spread(peerRates);
    const beside = [{ name: "a service worker that answers by itself", median }];
    return [
      row(
        "requests of a page through the service worker",
        "browser",
        "/s",
        "higher",
        rates,
        1_500,
        beside,
      ),
      row("latency that the unikernel adds to them", "browser", "ms", "lower", added, 2),
    ];
  } finally {
    await browser.close();
    await site.close();
    await bare.close();
    rmSync(folder, { recursive: true });
  }
}

/**
 * In the page: requests per second, eight at a time.
 *
 * @param {string} path
 */
async function rateOf(path) {
  const count = 2_000;
  let left = count;
  const startMs = performance.now();
  const loops = Array.from({ length: 8 }, async () => {
    while (left-- > 0) await (await fetch(path)).arrayBuffer();
  });
  await Promise.all(loops);
  return count / ((performance.now() - startMs) / 1000);
}

/**
 * In the page: milliseconds of one request after the other, the middle of many.
 *
 * @param {string} path
 */
async function latencyOf(path) {
  const samples = [];
  for (let index = 0; index < 300; index += 1) {
    const startMs = performance.now();
    await (await fetch(path)).arrayBuffer();
    samples.push(performance.now() - startMs);
  }
  return samples.sort((a, b) => a - b)[150] ?? Number.NaN;
}

/** @returns {Promise<number>} */
async function idle() {
  /** @type {typeof import("./web/idle.ts")} */
  const { idleMegabytes } = await bundled(new URL("web/idle.ts", import.meta.url));
  return idleMegabytes();
}
