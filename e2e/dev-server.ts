/** A dev server of one test's own, on a folder that it may change. */

import { createServer } from "vite";
import { morgana } from "fata-morgana/vite";

/** A dev server, and what it says in the terminal: `errors` in red, and `notes`. */
export interface DevServer {
  readonly url: string;
  readonly errors: readonly string[];
  readonly notes: readonly string[];
  close(): Promise<void>;
}

/** Serves the unikernels of `dir` until `close`; `base` is the path that they are below. */
export async function serve(dir: string, base = "/"): Promise<DevServer> {
  const errors: string[] = [];
  const notes: string[] = [];
  const server = await createServer({
    root: dir,
    base,
    configFile: false,
    logLevel: "silent",
    customLogger: {
      hasWarned: false,
      info: (text) => notes.push(text),
      warn: () => {},
      warnOnce: () => {},
      error: (text) => errors.push(text),
      clearScreen: () => {},
      hasErrorLogged: () => false,
    },
    plugins: [morgana()],
    server: { port: 0, host: "127.0.0.1" },
  });
  await server.listen();
  const url = server.resolvedUrls?.local[0] ?? "";
  return { url, errors, notes, close: () => server.close() };
}
