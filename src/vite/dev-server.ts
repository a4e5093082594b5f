/** The dev server's half of the plugin: pages, workers, reload on change, errors in the overlay. */

import { existsSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { extname, join } from "node:path";
import type { Connect, ViteDevServer } from "vite";
import { defaultAllowedOrigins } from "vite";
import { pageFiles } from "./page-script.ts";
import { galleryPage, notFoundPage, unikernelPage } from "./pages.ts";
import type { Problem } from "./problems.ts";
import { formatProblem, problemOf, problemOfTypes } from "./problems.ts";
import { checkTypes } from "./type-check.ts";
import type { UnikernelFolder } from "./unikernels.ts";
import type { Workshop } from "./workshop.ts";

/**
 * Adds the unikernels' pages and workers to a dev server. They come before Vite's own middlewares, which
 * would serve `unikernel.ts` for `unikernel.js`, and so check themselves where a request comes from.
 */
export function serveUnikernels(server: ViteDevServer, workshop: Workshop): void {
  const overlay = new Overlay(server);
  const respond = createResponder(server, workshop, overlay);
  server.middlewares.use((request, response, next) => {
    respond(request, response, next).catch(next);
  });
  const recheck = debounce(() => void reportTypes(server, overlay), 100);
  server.watcher.on("all", (_event, file) => {
    if (extname(file) === "" || file.includes("node_modules")) return;
    const stale = workshop.changed(file);
    recheck();
    if (stale.length === 0) return;
    for (const name of stale) overlay.clear(name);
    server.ws.send({ type: "full-reload", path: "*" });
  });
  server.ws.on("connection", () => overlay.show());
  recheck();
}

type Responder = (
  request: Connect.IncomingMessage,
  response: ServerResponse,
  next: Connect.NextFunction,
) => Promise<void>;

function createResponder(server: ViteDevServer, workshop: Workshop, overlay: Overlay): Responder {
  const root = server.config.root;
  const html = async (
    response: ServerResponse,
    url: string,
    text: string,
    status = 200,
  ): Promise<void> =>
    send(response, "text/html", await server.transformIndexHtml(url, text), status);

  const worker = async (
    response: ServerResponse,
    unikernel: UnikernelFolder,
    map: boolean,
  ): Promise<void> => {
    try {
      const made = await workshop.bundle(unikernel, {});
      overlay.clear(unikernel.name);
      if (map) send(response, "application/json", made.map);
      else send(response, "text/javascript", made.code);
    } catch (error) {
      const problem = problemOf(error as Error, unikernel.config);
      overlay.set(unikernel.name, [problem]);
      // A worker that fails to load says nothing; one that throws says why.
      const text = JSON.stringify(formatProblem(problem, root));
      send(response, "text/javascript", `throw new Error(${text});\n`);
    }
  };

  return async (request, response, next) => {
    if (!isAllowedHost(request.headers.host ?? "", server.config.server)) return next();
    const { origin } = request.headers;
    if (origin !== undefined && defaultAllowedOrigins.test(origin)) {
      response.setHeader("access-control-allow-origin", origin);
    }
    const { pathname } = new URL(request.url ?? "/", "http://localhost");
    const path = decodeURIComponent(pathname);
    const ownFile = join(root, path, path.endsWith("/") ? "index.html" : "");
    if (existsSync(ownFile)) return next();
    const asset = path === "/" ? undefined : pageFiles().get(path.slice(1));
    if (asset !== undefined) return send(response, contentType(path), asset());
    if (path === "/") return html(response, path, await galleryPage(await workshop.entries()));

    const [, name = "", rest] = /^\/([^/]+)(?:\/(.*))?$/.exec(path) ?? [];
    const unikernel = workshop.find(name);
    if (unikernel === undefined) {
      if (extname(path) !== "" || !(request.headers.accept ?? "").includes("text/html"))
        return next();
      const names = workshop.unikernels().map((each) => each.name);
      return html(response, path, notFoundPage(path, names), 404);
    }
    if (rest === undefined) return redirect(response, `/${name}/`);
    if (rest === "") return html(response, path, unikernelPage(await workshop.entry(unikernel)));
    if (rest === "unikernel.js") return worker(response, unikernel, false);
    if (rest === "unikernel.js.map") return worker(response, unikernel, true);
    return next();
  };
}

/**
 * Whether a request's `Host` is this machine's, or one that the project allows: the page of another
 * site must not read a project by making its own name point here (DNS rebinding). Vite's own
 * middlewares refuse what is left to them.
 */
function isAllowedHost(host: string, { allowedHosts }: ViteDevServer["config"]["server"]): boolean {
  if (allowedHosts === true) return true;
  const { hostname } = new URL(`http://${host}`);
  const own = hostname === "localhost" || hostname.endsWith(".localhost");
  const address = hostname.startsWith("[") || /^[\d.]+$/.test(hostname);
  return own || address || (allowedHosts ?? []).includes(hostname);
}

/** What is wrong now, by who found it; shown to every page, those that come later too. */
class Overlay {
  readonly #server: ViteDevServer;
  readonly #problems = new Map<string, readonly Problem[]>();

  constructor(server: ViteDevServer) {
    this.#server = server;
  }

  set(owner: string, problems: readonly Problem[]): void {
    const before = JSON.stringify(this.#problems.get(owner) ?? []);
    if (before === JSON.stringify(problems)) return;
    this.#problems.set(owner, problems);
    for (const problem of problems) {
      this.#server.config.logger.error(formatProblem(problem, this.#server.config.root));
    }
    this.show();
  }

  clear(owner: string): void {
    this.#problems.delete(owner);
  }

  show(): void {
    const [first] = [...this.#problems.values()].flat();
    if (first !== undefined) this.#server.ws.send({ type: "error", err: first });
  }
}

async function reportTypes(server: ViteDevServer, overlay: Overlay): Promise<void> {
  const { root, logger } = server.config;
  const report = await checkTypes(root);
  if (report.kind === "skipped") {
    logger.info(`Types are not checked: ${report.reason}`);
    return;
  }
  const own = report.problems.filter(({ file }) => file.startsWith(root));
  overlay.set("typescript", own.map(problemOfTypes));
}

function contentType(path: string): string {
  const types: Record<string, string> = {
    ".js": "text/javascript",
    ".css": "text/css",
    ".map": "application/json",
  };
  return types[extname(path)] ?? "application/octet-stream";
}

function send(response: ServerResponse, type: string, body: string | Buffer, status = 200): void {
  response.writeHead(status, {
    "content-type": `${type}; charset=utf-8`,
    "cache-control": "no-cache",
  });
  response.end(body);
}

function redirect(response: ServerResponse, location: string): void {
  response.writeHead(302, { location });
  response.end();
}

function debounce(call: () => void, delayMs: number): () => void {
  let timer: NodeJS.Timeout | undefined;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(call, delayMs);
  };
}
