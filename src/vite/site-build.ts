/**
 * The build's half of the plugin: the gallery, a page and a worker for each unikernel, all static.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Rolldown } from "vite";
import { pageFiles } from "./page-script.ts";
import { galleryPage, notFoundPage, unikernelPage } from "./pages.ts";
import type { Problem } from "./problems.ts";
import { formatProblem, problemOf, problemOfTypes } from "./problems.ts";
import type { TypeReport } from "./type-check.ts";
import { checkTypes } from "./type-check.ts";
import { Workshop } from "./workshop.ts";

type EmitContext = Pick<Rolldown.PluginContext, "emitFile">;

/** What one build writes. */
export class SiteBuild {
  readonly #dir: string;
  readonly #workshop: Workshop;
  readonly #virtualPages = new Map<string, () => Promise<string>>();
  #types: Promise<TypeReport> | undefined;

  constructor(dir: string) {
    this.#dir = dir;
    this.#workshop = new Workshop(dir);
  }

  /**
   * The pages to build, by name: those of the project's own below `root`, Vite's, and those to
   * make.
   *
   * @throws {Error} if a unikernel's name is that of another file of the site
   */
  inputs(root: string): Record<string, string> {
    const inputs: Record<string, string> = {};
    const addPage = (name: string, file: string, make: () => Promise<string>): void => {
      inputs[name] = file;
      if (!existsSync(file)) this.#virtualPages.set(file, make);
    };
    addPage("index", join(root, "index.html"), async () =>
      galleryPage(await this.#workshop.entries()),
    );
    for (const unikernel of this.#workshop.unikernels()) {
      const { name, folder } = unikernel;
      if (pageFiles().has(name) || ["404.html", "index.html", "assets"].includes(name)) {
        throw new Error(`Cannot build ${folder}: the site has a file "${name}" of its own`);
      }
      addPage(`${name}/index`, join(root, name, "index.html"), async () =>
        unikernelPage(await this.#workshop.entry(unikernel)),
      );
    }
    return inputs;
  }

  /** The HTML of a page that no file holds. */
  page(id: string): Promise<string> | undefined {
    return this.#virtualPages.get(id)?.();
  }

  /** Whether {@link page} has one. */
  hasPage(id: string): boolean {
    return this.#virtualPages.has(id);
  }

  /** Begins to check types, beside everything else; gives what is wrong with the configurations. */
  async start(): Promise<readonly Problem[]> {
    this.#types = checkTypes(this.#dir);
    const entries = await this.#workshop.entries();
    return entries.flatMap(({ unikernel, inspection }) =>
      inspection.kind === "broken" ? [problemOf(inspection.error, unikernel.config)] : [],
    );
  }

  /** Emits what no page imports: workers, the page's script, the page for what is missing. */
  async emit(context: EmitContext, base: string): Promise<readonly Problem[]> {
    const emit = (fileName: string, source: string | Uint8Array): void => {
      context.emitFile({ type: "asset", fileName, source });
    };
    for (const [file, read] of pageFiles()) emit(file, read());
    const unikernels = this.#workshop.unikernels();
    const problems: Problem[] = [];
    for (const unikernel of unikernels) {
      try {
        const { code, map } = await this.#workshop.bundle(unikernel, { minify: true });
        emit(`${unikernel.name}/unikernel.js`, code);
        emit(`${unikernel.name}/unikernel.js.map`, map);
      } catch (error) {
        problems.push(problemOf(error as Error, unikernel.config));
      }
    }
    const names = unikernels.map(({ name }) => name);
    // A relative base may be anywhere: such a page finds it by itself.
    emit("404.html", notFoundPage(names, base.startsWith("/") ? { base } : {}));
    return problems;
  }

  /** What the compiler says of the unikernels' files, or why it was not asked. */
  async types(): Promise<{ problems: readonly Problem[]; skipped?: string }> {
    const report = await this.#types;
    if (report?.kind !== "checked") return { problems: [], skipped: report?.reason ?? "" };
    const own = report.problems.filter(({ file }) => this.#workshop.usersOf(file).length > 0);
    return { problems: own.map(problemOfTypes) };
  }
}

/** Problems in lines for the terminal. */
export function listProblems(problems: readonly Problem[]): string {
  return problems.map((problem) => formatProblem(problem, ".")).join("\n\n");
}
