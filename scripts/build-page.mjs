// Makes the package of what `tsc -b` wrote: removes what has lost its source, and builds the page's
// script, the custom elements in one file, xterm.js and what else comes later in chunks of their
// own.

import { copyFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "vite";
import { removeOrphans } from "./orphans.mjs";

/** @param {string} path */
const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

removeOrphans(at("src"), at("dist"));
await build({
  configFile: false,
  root: at("."),
  logLevel: "warn",
  publicDir: false,
  base: "./",
  build: {
    outDir: at("dist/page"),
    emptyOutDir: true,
    target: "baseline-widely-available",
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
await copyFile(at("src/elements/morgana.css"), at("dist/page/morgana.css"));
