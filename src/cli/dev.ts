/** `morgana dev`: the dev server. */

import { parseArgs } from "node:util";
import { createServer } from "vite";
import { findUnikernels, morgana } from "../vite/index.ts";
import type { Command } from "./command.ts";
import { onlyWord, UsageError } from "./command.ts";

export const command: Command = {
  usage: "dev [dir]",
  summary: "Serve the unikernels of a folder as pages, with reload on change",
  help: [
    "  --port <n>      Port to listen on (default 5173)",
    "  --host [addr]   Address to listen on (default localhost)",
    "  --strict-port   Fail if the port is taken, instead of taking the next",
    "  --open          Open the page in a browser",
  ].join("\n"),
  async run(argv) {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        port: { type: "string" },
        host: { type: "string" },
        "strict-port": { type: "boolean" },
        open: { type: "boolean" },
      },
    });
    const dir = onlyWord(positionals, "folder", ".");
    const found = findUnikernels(dir);
    if (found.length === 0) {
      throw new Error(`${dir} holds no unikernel: no config.ts, there or in a folder of it`);
    }
    const server = await createServer({
      root: dir,
      configFile: false,
      plugins: [morgana()],
      server: {
        ...(values.port === undefined ? {} : { port: portOf(values.port) }),
        ...(values.host === undefined ? {} : { host: values.host }),
        strictPort: values["strict-port"] ?? false,
        open: values.open ?? false,
      },
    });
    await server.listen();
    process.stdout.write(`\n  Morgana serves ${found.length} unikernels\n\n`);
    server.printUrls();
    await new Promise<void>((resolve) => {
      for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => resolve());
    });
    await server.close();
    return 0;
  },
};

function portOf(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port;
  throw new UsageError(`--port must be a whole number from 0 to 65535, not "${text}"`);
}
