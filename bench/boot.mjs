// From navigation to the first line on the console, beside a bare page with a worker, and the same
// with xterm.js; and from `new Worker` to the unikernel's `start`, beside a bare worker's first
// message.
//
// All pages are built and served by one static server; the cache is warm. The pages take turns, so
// that whatever else the machine does befalls all of them.

import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { morgana } from "fata-morgana/vite";
import { serveStatic } from "../scripts/serve-static.mjs";
import { launch } from "./browser.mjs";
import { spread } from "./report.mjs";

/** @param {string} path */
const at = (path) => fileURLToPath(new URL(path, import.meta.url));

const rounds = 30;

/**
 * Notes when "hello" is first seen in the page, shadow roots included, and when a worker was made.
 */
function watch() {
  const seen = /** @type {{ firstLineMs?: number, workerMs?: number, messageMs?: number }} */ ({});
  Object.assign(globalThis, { seen });
  /** @param {Node} root */
  const observe = (root) => {
    const look = () => {
      // A page with a terminal shows its lines there; the bare one, in its body. A page that has
      // been read in part looks like neither, though "hello" may stand in its heading.
      const screen = root instanceof Document ? root.querySelector(".xterm-rows, #bare") : root;
      const text = screen?.textContent;
      if (seen.firstLineMs === undefined && text?.includes("hello"))
        seen.firstLineMs = performance.now();
    };
    new MutationObserver(look).observe(root, {
      childList: true,
      subtree: true,
      characterData: true,
    });
  };
  observe(document);
  // oxlint-disable-next-line typescript/unbound-method -- called with its element below
  const attach = Element.prototype.attachShadow;
  Element.prototype.attachShadow = function (init) {
    const root = attach.call(this, init);
    const rows = new MutationObserver(() => {
      const found = root.querySelector(".xterm-rows");
      if (found === null) return;
      rows.disconnect();
      observe(found);
    });
    rows.observe(root, { childList: true, subtree: true });
    return root;
  };
  const Original = Worker;
  globalThis.Worker = class extends Original {
    /** @param {ConstructorParameters<typeof Worker>} parameters */
    constructor(...parameters) {
      super(...parameters);
      seen.workerMs = performance.now();
      this.addEventListener("message", () => (seen.messageMs ??= performance.now()), {
        once: true,
      });
    }
  };
}

/**
 * @param {import("@playwright/test").Page} page
 * @param {string} url
 */
async function visit(page, url) {
  await page.goto(url);
  await page.waitForFunction(() => /** @type {any} */ (globalThis).seen.firstLineMs !== undefined);
  return page.evaluate(() => {
    const { seen } = /** @type {any} */ (globalThis);
    const text =
      /** @type {any} */ (document.querySelector("morgana-unikernel"))?.consoleText() ?? "";
    const startedAt = Number(/started ([\d.]+)/.exec(text)?.[1] ?? Number.NaN);
    return {
      firstLineMs: seen.firstLineMs,
      startMs: startedAt - performance.timeOrigin - seen.workerMs,
      messageMs: seen.messageMs - seen.workerMs,
    };
  });
}

/**
 * Builds everything into one folder: the examples' site, the bare pages, the unikernel that tells.
 */
async function buildPages(/** @type {string} */ folder) {
  await cp(at("../site"), join(folder, "site"), { recursive: true });
  for (const [root, plugins] of /** @type {const} */ ([
    ["pages/bare", []],
    ["pages/bare-xterm", []],
    ["unikernels", [morgana({ dir: at("unikernels") })]],
  ])) {
    await build({
      configFile: false,
      root: at(root),
      base: "./",
      logLevel: "error",
      plugins: [...plugins],
      worker: { format: "es" },
      build: { outDir: join(folder, root), emptyOutDir: true },
    });
  }
}

/** @returns {Promise<readonly import("./report.mjs").Row[]>} */
export async function run() {
  const folder = await mkdtemp(join(tmpdir(), "morgana-bench-"));
  await buildPages(folder);
  const server = await serveStatic({ directory: folder });
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.addInitScript(watch);
    const paths = {
      hello: "site/hello/",
      start: "unikernels/start/",
      bare: "pages/bare/",
      bareXterm: "pages/bare-xterm/",
    };
    const visits = Object.fromEntries(
      Object.keys(paths).map((name) => [
        name,
        /** @type {Awaited<ReturnType<typeof visit>>[]} */ ([]),
      ]),
    );
    for (let round = -2; round < rounds; round += 1) {
      for (const [name, path] of Object.entries(paths)) {
        const found = await visit(page, server.url + path);
        // The first rounds warm the caches.
        if (round >= 0) visits[name]?.push(found);
      }
    }
    return rowsOf(/** @type {any} */ (visits));
  } finally {
    await browser.close();
    await server.close();
    await rm(folder, { recursive: true });
  }
}

/**
 * @param {Record<"hello" | "start" | "bare" | "bareXterm", Awaited<ReturnType<typeof visit>>[]>} visits
 * @returns {readonly import("./report.mjs").Row[]}
 */
function rowsOf({ hello, start, bare, bareXterm }) {
  const line = (/** @type {typeof hello} */ sample) =>
    spread(sample.map((each) => each.firstLineMs));
  const message = spread(bare.map((each) => each.messageMs));
  return [
    {
      measure: "navigation to the first console line of hello",
      target: "browser",
      unit: "ms",
      better: "lower",
      ...line(hello),
      aim: 1.5 * line(bareXterm).median,
      beside: [
        { name: "bare page, text node", median: line(bare).median },
        { name: "bare page, xterm.js", median: line(bareXterm).median },
      ],
    },
    {
      measure: "new Worker to start()",
      target: "browser",
      unit: "ms",
      better: "lower",
      ...spread(start.map((each) => each.startMs)),
      aim: 1.2 * message.median,
      beside: [{ name: "bare worker's first message", median: message.median }],
    },
  ];
}
