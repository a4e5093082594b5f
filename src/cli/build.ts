/** `morgana build`: static files, or a file for a server. */

import { existsSync, readdirSync, rmSync } from "node:fs";
import { join, relative, resolve, sep } from "node:path";
import { parseArgs } from "node:util";
import type { Plugin } from "vite";
import { build } from "vite";
import { findUnikernel, morgana } from "../vite/index.ts";
import { buildForNode, nodeFolder } from "./build-node.ts";
import type { Command } from "./command.ts";
import { onlyWord, UsageError } from "./command.ts";
import { countOf, someUnikernels } from "./folder.ts";

export const command: Command = {
  usage: "build [dir] [-t browser|node] [--out <dir>]",
  summary: "Write unikernels as static files for any host, or one as a file for a server",
  help: [
    "  -t <target>   browser (default): the unikernels of a folder as static files;",
    "                node: one unikernel as one file that Node runs, with a Containerfile",
    "                and a unit of systemd",
    "  --out <dir>   Folder to write (default <dir>/dist, or <dir>/dist-node). Of static",
    "                files, what an earlier build wrote there is removed; a folder that",
    "                holds anything else is left alone.",
  ].join("\n"),
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        out: { type: "string" },
        target: { type: "string", short: "t", default: "browser" },
      },
    });
    const dir = onlyWord(positionals, "folder", ".");
    if (values.target === "node") {
      const unikernel = findUnikernel(dir);
      await buildForNode(unikernel, resolve(values.out ?? nodeFolder(unikernel)));
      return 0;
    }
    if (values.target !== "browser") {
      throw new UsageError(`-t must be browser or node, not "${values.target}"`);
    }
    const found = someUnikernels(dir);
    const outDir = resolve(values.out ?? `${dir}/dist`);
    checkReplaceable(outDir, resolve(dir));
    process.stdout.write(`Building ${countOf(found)}\n`);
    await write(dir, outDir);
    process.stdout.write(`Wrote ${relative(".", outDir) || "."}: serve it from any static host\n`);
    return 0;
  },
};

/** The output folder is emptied first, which nobody wants of his home or of his sources. */
function checkReplaceable(outDir: string, dir: string): void {
  const cannot = `Cannot build into ${outDir}`;
  if (`${dir}${sep}`.startsWith(`${outDir}${sep}`)) {
    throw new Error(`${cannot}: the unikernels themselves are there`);
  }
  if (!existsSync(outDir) || existsSync(join(outDir, "morgana.js"))) return;
  if (readdirSync(outDir).length === 0) return;
  throw new Error(`${cannot}: it holds what no earlier build wrote; empty it, or name another`);
}

/** Empties a folder once all that goes there is made: a build that fails leaves the old one. */
function emptyFolder(folder: string): Plugin {
  return {
    name: "morgana-empty-folder",
    generateBundle: {
      order: "post",
      handler() {
        if (!existsSync(folder)) return;
        for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
      },
    },
  };
}

async function write(dir: string, outDir: string): Promise<void> {
  try {
    await build({
      root: dir,
      base: "./",
      configFile: false,
      logLevel: "warn",
      plugins: [morgana(), emptyFolder(outDir)],
      build: { outDir, emptyOutDir: false },
    });
  } catch (error) {
    // The bundler's own message wraps a plugin's in the plugin's stack.
    const [first] = (error as { errors?: readonly Error[] }).errors ?? [];
    throw first ?? error;
  }
}
