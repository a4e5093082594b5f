/** The Vite plugin: serves and builds every unikernel of a project as a page. */

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Plugin } from "vite";
import { serveUnikernels } from "./dev-server.ts";
import { pageFiles, terminalFile } from "./page-script.ts";
import { galleryPage, notFoundPage, unikernelPage } from "./pages.ts";
import { formatProblem, problemOf } from "./problems.ts";
import { Workshop } from "./workshop.ts";

export { bundle } from "./bundle.ts";
export type { Bundle, BundleOptions } from "./bundle.ts";
export { inspect } from "./inspect.ts";
export type { Inspection } from "./inspect.ts";
export { drawGraph } from "./picture.ts";
export { formatProblem, problemOf } from "./problems.ts";
export { findUnikernel, findUnikernels } from "./unikernels.ts";
export type { UnikernelFolder } from "./unikernels.ts";

/** What the plugin may be told. */
export interface MorganaOptions {
  /** The folder of the unikernels; Vite's root by default. */
  readonly dir?: string;
}

/**
 * Serves and builds the unikernels below a folder: the gallery at `/`, a page and a worker for each at
 * `/<name>/`. A page of the project's own (`index.html`, there or in a unikernel's folder) comes first.
 */
export function morgana(options: MorganaOptions = {}): Plugin {
  let workshop: Workshop;
  let root: string;
  const virtualPages = new Map<string, () => Promise<string>>();

  return {
    name: "morgana",
    config(config, { command }) {
      root = resolve(options.dir ?? config.root ?? ".");
      workshop = new Workshop(root);
      if (command === "serve") return { appType: "mpa" };
      const input: Record<string, string> = {};
      const addPage = (name: string, file: string, make: () => Promise<string>): void => {
        input[name] = file;
        if (!existsSync(file)) virtualPages.set(file, make);
      };
      addPage("index", join(root, "index.html"), async () => galleryPage(await workshop.entries()));
      for (const unikernel of workshop.unikernels()) {
        const own = unikernel.folder === root ? join(root, unikernel.name) : unikernel.folder;
        const file = join(own, "index.html");
        addPage(unikernel.name, file, async () => unikernelPage(await workshop.entry(unikernel)));
      }
      return { build: { rolldownOptions: { input } } };
    },
    configureServer: (server) => serveUnikernels(server, workshop),
    resolveId: (id) => (virtualPages.has(id) ? id : undefined),
    load: (id) => virtualPages.get(id)?.(),
    transformIndexHtml: {
      order: "pre",
      handler: pageWithScript,
    },
    async generateBundle() {
      const emit = (fileName: string, source: string | Uint8Array): void => {
        this.emitFile({ type: "asset", fileName, source });
      };
      for (const [file, read] of pageFiles()) emit(file, read());
      for (const unikernel of workshop.unikernels()) {
        try {
          const { code, map } = await workshop.bundle(unikernel, { minify: true });
          emit(`${unikernel.name}/unikernel.js`, code);
          emit(`${unikernel.name}/unikernel.js.map`, map);
        } catch (error) {
          this.error(formatProblem(problemOf(error as Error, unikernel.config), root));
        }
      }
      emit(
        "404.html",
        notFoundPage(
          "this address",
          workshop.unikernels().map((each) => each.name),
        ),
      );
    },
  };
}

/**
 * The page's script is not part of the project's build: it is copied as it is. xterm.js is fetched
 * beside it rather than when it is first needed.
 */
function pageWithScript(html: string): string {
  const terminal = html.includes("<morgana-unikernel") ? terminalFile() : undefined;
  return html.replaceAll(
    /<script(?=[^>]*\bsrc="([^"]*)morgana\.js")(?![^>]*vite-ignore)/g,
    (_tag, base: string) => {
      const href = `${base}${terminal}`;
      const preload = `<link rel="modulepreload" href="${href}" vite-ignore>`;
      return `${terminal === undefined ? "" : preload}<script vite-ignore`;
    },
  );
}
