// A server for a page of a test or a measure: its modules, and those of src/ that they import, as
// Vite compiles them.

import { createServer } from "vite";
import { root } from "./step.mjs";

/**
 * Serves a directory whose `index.html` is the page, on a free port.
 *
 * @param {{ directory: string }} options
 * @returns {Promise<{ url: string, close: () => Promise<void> }>} `url` ends in a slash
 */
export async function serveModules({ directory }) {
  const server = await createServer({
    root: directory,
    configFile: false,
    logLevel: "error",
    server: {
      host: "127.0.0.1",
      port: 0,
      hmr: false,
      fs: { allow: [root] },
      // A ring needs threads that share memory.
      headers: {
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      },
    },
    optimizeDeps: { noDiscovery: true },
  });
  await server.listen();
  return { url: server.resolvedUrls?.local[0] ?? "", close: () => server.close() };
}
