/** `morgana build`: static files. */

import { relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import { build } from "vite";
import { findUnikernels, morgana } from "../vite/index.ts";
import type { Command } from "./command.ts";
import { onlyWord } from "./command.ts";

export const command: Command = {
  usage: "build [dir]",
  summary: "Write the unikernels of a folder as static files for any host",
  help: "  --out <dir>   Folder to write (default <dir>/dist); emptied first",
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { out: { type: "string" } },
    });
    const dir = onlyWord(positionals, "folder", ".");
    const found = findUnikernels(dir);
    if (found.length === 0) {
      throw new Error(`${dir} holds no unikernel: no config.ts, there or in a folder of it`);
    }
    const outDir = resolve(values.out ?? `${dir}/dist`);
    process.stdout.write(`Building ${found.length} unikernels\n`);
    await build({
      root: dir,
      base: "./",
      configFile: false,
      logLevel: "warn",
      plugins: [morgana()],
      build: { outDir, emptyOutDir: true },
    });
    process.stdout.write(`Wrote ${relative(".", outDir)}: serve it from any static host\n`);
    return 0;
  },
};
