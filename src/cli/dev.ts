/** `morgana dev`: the dev server. */

import { parseArgs } from "node:util";
import { createServer } from "vite";
import { morgana } from "../vite/index.ts";
import type { Command } from "./command.ts";
import { onlyWord, UsageError } from "./command.ts";
import { countOf, someUnikernels } from "./folder.ts";

export const command: Command = {
  usage: "dev [dir] [--port <n>] [--host [address]]",
  summary: "Serve the unikernels of a folder as pages, with reload on change",
  help: [
    "  --port <n>         Port to listen on (default 5173)",
    "  --host [address]   Address to listen on (default localhost; without an address, every one)",
    "  --strict-port      Fail if the port is taken, instead of taking the next",
    "  --open             Open the page in a browser",
  ].join("\n"),
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: argv.map((word, index) => (isBareHost(word, argv[index + 1]) ? "--host=" : word)),
      allowPositionals: true,
      options: {
        port: { type: "string" },
        host: { type: "string" },
        "strict-port": { type: "boolean" },
        open: { type: "boolean" },
      },
    });
    const dir = onlyWord(positionals, "folder", ".");
    const found = someUnikernels(dir);
    const server = await createServer({
      root: dir,
      configFile: false,
      plugins: [morgana()],
      server: {
        ...(values.port === undefined ? {} : { port: portOf(values.port) }),
        ...(values.host === undefined ? {} : { host: values.host === "" ? true : values.host }),
        strictPort: values["strict-port"] ?? false,
        open: values.open ?? false,
      },
    });
    try {
      await server.listen();
      process.stdout.write(`\n  Morgana serves ${countOf(found)}\n\n`);
      server.printUrls();
      await stopped();
    } finally {
      await server.close();
    }
    return 0;
  },
};

/** Resolves when the terminal ends it; asked again, it goes at once. To SIGTERM, Vite listens. */
function stopped(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGHUP"]) process.once(signal, () => resolve());
  });
}

/** Whether `--host` stands without an address. */
function isBareHost(word: string, next: string | undefined): boolean {
  return word === "--host" && (next === undefined || next.startsWith("-"));
}

function portOf(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`--port must be a whole number from 0 to 65535, not "${text}"`);
}
