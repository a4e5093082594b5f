// Sizes of what a page loads, minified and gzipped.

import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { bundle, findUnikernel } from "fata-morgana/vite";

/** @param {string} path */
const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** @param {string | Buffer} contents */
const gzipped = (contents) => gzipSync(contents, { level: 9 }).length;

/** What is loaded only where it is needed: disks, a network, a site, a search, words for a failure. */
const rest =
  /^morgana(?:-gateway\.js$|\/(?:block-indexeddb-catalogue|console-terminal|console-search|ending|errors|morgana-conditions|morgana-site|network-ring|page-network|trace-mapping|worker)-)/;

/** What the page of `hello` loads beside its worker and xterm.js: scripts and style. */
function pageBytes() {
  const files = readdirSync(at("dist/page"), { recursive: true, encoding: "utf8" });
  return files
    .filter((file) => /\.(?:js|css)$/.test(file) && !rest.test(file))
    .reduce((sum, file) => sum + gzipped(readFileSync(at(`dist/page/${file}`))), 0);
}

/**
 * Measures what the budgets are about, in bytes. Needs the built package.
 *
 * @returns {Promise<Record<string, number>>}
 */
export async function measureSizes() {
  const names = ["noop", "hello", "frames", "disk-lottery", "ping6-raw", "echo-server"];
  const workers = names.map(async (name) => {
    const unikernel = findUnikernel(at(`examples/${name}`));
    const { code } = await bundle(unikernel, { target: "browser", minify: true });
    return [`${name}'s worker`, gzipped(code)];
  });
  return Object.fromEntries([
    ...(await Promise.all(workers)),
    ["static-website's worker without its files", await websiteBytes()],
    ["page without xterm.js", pageBytes()],
  ]);
}

/** The worker of `static-website` with one empty file in the place of its own. */
async function websiteBytes() {
  mkdirSync(at(".morgana"), { recursive: true });
  const folder = mkdtempSync(at(".morgana/size-"));
  try {
    for (const file of ["config.ts", "unikernel.ts"]) {
      copyFileSync(at(`examples/static-website/${file}`), join(folder, file));
    }
    mkdirSync(join(folder, "site"));
    writeFileSync(join(folder, "site/index.html"), "");
    const { code } = await bundle(findUnikernel(folder), { target: "browser", minify: true });
    return gzipped(code);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The suite. */
export const aims = {
  "hello's worker": 6000,
  "echo-server's worker": 25_000,
  "static-website's worker without its files": 40_000,
  "page without xterm.js": 20_000,
};

/** @returns {Promise<readonly import("./report.mjs").Row[]>} */
export async function run() {
  const sizes = await measureSizes();
  return Object.entries(sizes).map(([measure, bytes]) => ({
    measure,
    target: "browser",
    unit: "bytes gzipped",
    better: "lower",
    median: bytes,
    low: bytes,
    high: bytes,
    aim: measure in aims ? aims[/** @type {keyof typeof aims} */ (measure)] : null,
    beside: [],
  }));
}
