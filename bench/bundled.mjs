// Measures on Node in one file, as the command runs a unikernel: Vite's runner looks up each import
// anew for each call.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "vite";

/**
 * Bundles a module with all that it imports, and loads it.
 *
 * @param {URL} module
 * @returns {Promise<any>} what it exports
 */
export async function bundled(module) {
  const outDir = mkdtempSync(join(tmpdir(), "morgana-bench-"));
  try {
    const ssr = fileURLToPath(module);
    const output = { entryFileNames: "measures.mjs", codeSplitting: false };
    await build({
      configFile: false,
      logLevel: "error",
      build: { ssr, outDir, minify: false, target: "esnext", rolldownOptions: { output } },
    });
    return await import(pathToFileURL(join(outDir, "measures.mjs")).href);
  } finally {
    rmSync(outDir, { recursive: true });
  }
}
