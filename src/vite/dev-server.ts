/** The dev server's half of the plugin: pages, workers, reload on change, errors in the overlay. */

import { existsSync, statSync } from "node:fs";
import type { ServerResponse } from "node:http";
import { extname, join } from "node:path";
import type { Connect, ViteDevServer } from "vite";
import { pageFiles } from "./page-script.ts";
import type { GalleryEntry } from "./pages.ts";
import { galleryPage, notFoundPage, unikernelPage } from "./pages.ts";
import { clientScript, clientScriptPath, ProblemBoard } from "./problem-board.ts";
import { formatProblem, problemOf, problemOfTypes } from "./problems.ts";
import type { TypeReport } from "./type-check.ts";
import { TypeWatch } from "./type-watch.ts";
import type { UnikernelFolder } from "./unikernels.ts";
import { isWithin, Workshop } from "./workshop.ts";

/**
 * Adds the pages and workers of the unikernels in `dir` to a dev server. They come after Vite's
 * checks of where a request is from, and before what would serve `unikernel.ts` for `unikernel.js`.
 */
export function serveUnikernels(server: ViteDevServer, dir: string): void {
  const workshop = new Workshop(dir, (file) => {
    // Vite watches its root, and only that.
    if (!isWithin(file, server.config.root)) server.watcher.add(file);
  });
  const board = new ProblemBoard(server, (file) => workshop.usersOf(file));
  const site = new DevSite(server, workshop, board);
  server.middlewares.use((request, response, next) => {
    site.respond(request, response, next).catch(next);
  });
  const types = new TypeWatch(dir, createTypeReporter(server, workshop, board));
  server.watcher.on("all", (event, file) => {
    if (event.endsWith("Dir") || file.includes("node_modules")) return;
    types.recheck();
    const stale = workshop.changed(file);
    if (stale.length > 0) board.changed(stale);
  });
  server.httpServer?.once("close", () => types.close());
  types.recheck();
}

/** Says what the compiler found, and only once why it was not asked. */
function createTypeReporter(
  server: ViteDevServer,
  workshop: Workshop,
  board: ProblemBoard,
): (report: TypeReport) => void {
  const { root, logger } = server.config;
  let said = "";
  return (report) => {
    if (report.kind === "skipped" && report.reason !== said) {
      said = report.reason;
      logger.info(`Types are not checked: ${said}`);
    }
    const problems = report.kind === "skipped" ? [] : report.problems;
    const own = problems.filter(
      ({ file }) => isWithin(file, root) || workshop.usersOf(file).length > 0,
    );
    board.set(
      "types",
      own.map((problem) => ({ problem: problemOfTypes(problem) })),
    );
  };
}

/** Answers requests for the site's pages, workers and assets; passes on everything else. */
class DevSite {
  readonly #server: ViteDevServer;
  readonly #workshop: Workshop;
  readonly #board: ProblemBoard;

  constructor(server: ViteDevServer, workshop: Workshop, board: ProblemBoard) {
    this.#server = server;
    this.#workshop = workshop;
    this.#board = board;
  }

  async respond(
    request: Connect.IncomingMessage,
    response: ServerResponse,
    next: Connect.NextFunction,
  ): Promise<void> {
    const { base, root } = this.#server.config;
    const [, pathname = "", search = ""] = /^([^?]*)(.*)$/s.exec(request.url ?? "") ?? [];
    const isRead = request.method === "GET" || request.method === "HEAD";
    if (!isRead || !pathname.startsWith(base)) return next();
    const path = decode(pathname.slice(base.length));
    if (path === undefined) return send(response, "text/plain", `Cannot decode ${pathname}\n`, 400);
    // A page of the project's own comes first.
    const isPage = path === "" || path.endsWith("/");
    if (isFile(join(root, path, isPage ? "index.html" : ""))) return next();
    if (path === clientScriptPath) return send(response, "text/javascript", clientScript(base));
    const asset = pageFiles().get(path);
    if (asset !== undefined) return send(response, contentType(path), asset());
    if (path === "") {
      const entries = await Promise.all(
        this.#workshop.unikernels().map((each) => this.#entry(each)),
      );
      return this.#html(response, pathname, await galleryPage(entries));
    }

    const [, name = "", rest] = /^([^/]+)(?:\/(.*))?$/s.exec(path) ?? [];
    const unikernel = this.#workshop.find(name);
    if (unikernel === undefined) {
      if (extname(path) !== "" || !request.headers.accept?.includes("text/html")) return next();
      const names = this.#workshop.unikernels().map((each) => each.name);
      return this.#html(response, pathname, notFoundPage(names, { path: pathname, base }), 404);
    }
    if (rest === undefined)
      return redirect(response, `${base}${encodeURIComponent(name)}/${search}`);
    if (rest === "") {
      return this.#html(response, pathname, unikernelPage(await this.#entry(unikernel)));
    }
    if (rest === "unikernel.js") return this.#worker(response, unikernel, false);
    if (rest === "unikernel.js.map") return this.#worker(response, unikernel, true);
    return next();
  }

  async #html(response: ServerResponse, url: string, text: string, status = 200): Promise<void> {
    send(response, "text/html", await this.#server.transformIndexHtml(url, text), status);
  }

  async #entry(unikernel: UnikernelFolder): Promise<GalleryEntry> {
    const entry = await this.#workshop.entry(unikernel);
    const { inspection } = entry;
    this.#report("config", unikernel, inspection.kind === "broken" ? inspection.error : undefined);
    return entry;
  }

  async #worker(response: ServerResponse, unikernel: UnikernelFolder, map: boolean): Promise<void> {
    try {
      const made = await this.#workshop.bundle(unikernel, {});
      this.#report("bundle", unikernel);
      if (map) send(response, "application/json", made.map);
      else send(response, "text/javascript", made.code);
    } catch (error) {
      this.#report("bundle", unikernel, error as Error);
      // A worker that fails to load says nothing; one that throws says why.
      const text = formatProblem(problemOf(error as Error, unikernel.config), ".");
      send(response, "text/javascript", `throw new Error(${JSON.stringify(text)});\n`);
    }
  }

  #report(what: "bundle" | "config", { name, config }: UnikernelFolder, error?: Error): void {
    const problems = error === undefined ? [] : [problemOf(error, config)];
    this.#board.set(
      `${what} ${name}`,
      problems.map((problem) => ({ problem, unikernel: name })),
    );
  }
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}

function isFile(path: string): boolean {
  // Only this one takes every path: too long ones, and those that no file's name can be.
  return existsSync(path) && statSync(path).isFile();
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
