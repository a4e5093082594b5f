// Makes the package of what `tsc -b` wrote: removes what has lost its source, and builds the page's
// script, the custom elements in one file, xterm.js and what else comes later in chunks of their
// own, and the script of its service worker.

import { copyFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { removeOrphans } from "./orphans.mjs";

/** @param {string} path */
const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

removeOrphans(at("src"), at("dist"));
/** @type {import("vite").InlineConfig} */
const shared = { configFile: false, root: at("."), logLevel: "warn", publicDir: false, base: "./" };
const outDir = at("dist/page");
const target = "baseline-widely-available";

await build({
  ...shared,
  worker: {
    format: "es",
    rolldownOptions: { output: { entryFileNames: "morgana/[name]-[hash].js" } },
  },
  build: {
    outDir,
    emptyOutDir: true,
    target,
    sourcemap: true,
    modulePreload: false,
    rolldownOptions: {
      input: { morgana: at("dist/elements/index.js") },
      preserveEntrySignatures: "allow-extension",
      output: {
        format: "es",
        entryFileNames: "[name].js",
        chunkFileNames: "morgana/[name]-[hash].js",
      },
    },
  },
});
// A service worker's name is its identity, and not every browser takes one of modules.
await build({
  ...shared,
  build: {
    outDir,
    emptyOutDir: false,
    target,
    sourcemap: true,
    rolldownOptions: {
      input: { "morgana-gateway": at("dist/gateway/service-worker.js") },
      output: { format: "iife", entryFileNames: "[name].js" },
    },
  },
});
await copyFile(at("src/elements/morgana.css"), at("dist/page/morgana.css"));
