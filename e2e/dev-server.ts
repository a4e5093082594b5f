/** A dev server of one test's own, on a folder that it may change. */

import { createServer } from "vite";
import { morgana } from "fata-morgana/vite";

/** Serves the unikernels of `dir` until `close`; `errors` is what the terminal shows in red. */
export async function serve(
  dir: string,
): Promise<{ url: string; errors: string[]; close(): Promise<void> }> {
  const errors: string[] = [];
  const server = await createServer({
    root: dir,
    configFile: false,
    logLevel: "silent",
    customLogger: {
      hasWarned: false,
      info: () => {},
      warn: () => {},
      warnOnce: () => {},
      error: (text) => errors.push(text),
      clearScreen: () => {},
      hasErrorLogged: () => false,
    },
    plugins: [morgana({ dir })],
    server: { port: 0, host: "127.0.0.1" },
  });
  await server.listen();
  const url = server.resolvedUrls?.local[0] ?? "";
  return { url, errors, close: () => server.close() };
}
