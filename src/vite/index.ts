/** The Vite plugin: serves and builds every unikernel of a project as a page. */

import { resolve } from "node:path";
import type { HtmlTagDescriptor, Plugin, ResolvedConfig } from "vite";
import { serveUnikernels } from "./dev-server.ts";
import { terminalFile } from "./page-script.ts";
import { clientScriptPath } from "./problem-board.ts";
import { listProblems, SiteBuild } from "./site-build.ts";

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
  /** The folder of the unikernels, seen from Vite's root; that root by default. */
  readonly dir?: string;
}

/**
 * Serves and builds the unikernels below a folder: the gallery at `/`, a page and a worker for each
 * at `/<name>/`. What a page holds may be in the unikernel's `page.html`; a page of the project's own
 * (`index.html` at that path below Vite's root) comes first.
 */
export function morgana(options: MorganaOptions = {}): Plugin {
  let dir: string;
  let build: SiteBuild | undefined;
  let resolved: ResolvedConfig;

  return {
    name: "morgana",
    config(config, { command }) {
      const root = resolve(config.root ?? ".");
      dir = resolve(root, options.dir ?? ".");
      if (command === "serve") return { appType: "mpa" };
      build = new SiteBuild(dir);
      // The unikernels are bundled by this plugin: that most of the time goes there is no news.
      const checks = { bundlerTimings: false };
      return { build: { rolldownOptions: { input: build.inputs(root), checks } } };
    },
    configResolved: (config) => void (resolved = config),
    configureServer: (server) => serveUnikernels(server, dir),
    async buildStart() {
      const problems = (await build?.start()) ?? [];
      if (problems.length > 0) this.error(listProblems(problems));
    },
    resolveId: (id) => (build?.hasPage(id) ? id : undefined),
    load: (id) => build?.page(id),
    transformIndexHtml: {
      order: "pre",
      handler: (html) => preparePage(html, resolved),
    },
    async generateBundle() {
      if (build === undefined) return;
      const problems = await build.emit(this, resolved.base);
      if (problems.length > 0) this.error(listProblems(problems));
      const types = await build.types();
      if (types.problems.length > 0) this.error(listProblems(types.problems));
      if (types.skipped !== undefined) {
        resolved.logger.warn(`Types are not checked: ${types.skipped}`);
      }
    },
  };
}

/**
 * The elements' script and style are copied, not built; the dev server's pages hear of changes. A
 * page with a unikernel fetches xterm.js beside them, rather than when it is first needed.
 */
function preparePage(
  html: string,
  { base, command }: ResolvedConfig,
): { html: string; tags: HtmlTagDescriptor[] } {
  const own = /<(?:script|link)(?=[^>]*\bmorgana\.(?:js|css)["'])(?![^>]*vite-ignore)/g;
  const [, folder] = /\bsrc=["']([^"']*)morgana\.js["']/.exec(html) ?? [];
  const tags: HtmlTagDescriptor[] = [];
  if (folder !== undefined && html.includes("<morgana-unikernel")) {
    const href = `${folder}${terminalFile()}`;
    const attrs = { rel: "modulepreload", href, "vite-ignore": true };
    tags.push({ tag: "link", attrs, injectTo: "head" });
  }
  if (command === "serve") {
    const src = `${base}${clientScriptPath}`;
    tags.push({ tag: "script", attrs: { type: "module", src, "vite-ignore": true } });
  }
  return { html: html.replaceAll(own, "$& vite-ignore"), tags };
}
