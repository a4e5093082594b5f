/** What is wrong now: told to the terminal once, and to the pages that it concerns. */

import type { ViteDevServer } from "vite";
import type { Problem } from "./problems.ts";
import { formatProblem } from "./problems.ts";

/** The path, below the base, of the script by which a page hears from the dev server. */
export const clientScriptPath = "@morgana/client.js";

const problemsEvent = "morgana:problems";
const changedEvent = "morgana:changed";

/** A problem, and the unikernel it was found in; a type error is looked up by its file. */
export interface Finding {
  readonly problem: Problem;
  readonly unikernel?: string;
}

/** Findings by who made them. A page hears of its own unikernels', and when they are gone. */
export class ProblemBoard {
  readonly #server: ViteDevServer;
  readonly #usersOf: (file: string) => readonly string[];
  readonly #findings = new Map<string, readonly Finding[]>();

  /** `usersOf` names the unikernels that a file is part of. */
  constructor(server: ViteDevServer, usersOf: (file: string) => readonly string[]) {
    this.#server = server;
    this.#usersOf = usersOf;
    server.ws.on(problemsEvent, (_data, client) => client.send(problemsEvent, this.#payload()));
  }

  /** Puts what `finder` found in the place of what it found before. */
  set(finder: string, findings: readonly Finding[]): void {
    const known = new Set([...this.#findings.values()].flat().map(terminalText));
    if (findings.length === 0) this.#findings.delete(finder);
    else this.#findings.set(finder, findings);
    for (const text of new Set(findings.map(terminalText))) {
      if (!known.has(text)) this.#server.config.logger.error(text);
    }
    this.#show();
  }

  /** Takes away what was found in these unikernels, which changed, and reloads their pages. */
  changed(unikernels: readonly string[]): void {
    for (const [finder, [first]] of this.#findings) {
      if (unikernels.includes(first?.unikernel ?? "")) this.#findings.delete(finder);
    }
    this.#show();
    this.#server.ws.send(changedEvent, this.#pagesOf(unikernels));
  }

  #show(): void {
    this.#server.ws.send(problemsEvent, this.#payload());
  }

  #payload(): readonly { readonly pages: readonly string[]; readonly err: Problem }[] {
    const findings = [...this.#findings.values()].flat();
    // What keeps a unikernel from booting comes before its types, whichever was found first.
    const types = findings.filter(({ unikernel }) => unikernel === undefined);
    const others = findings.filter(({ unikernel }) => unikernel !== undefined);
    return [...others, ...types].map(({ problem, unikernel }) => {
      const names = unikernel === undefined ? this.#usersOf(problem.id ?? "") : [unikernel];
      return { pages: this.#pagesOf(names), err: problem };
    });
  }

  #pagesOf(names: readonly string[]): readonly string[] {
    return names.map((name) => `${this.#server.config.base}${encodeURIComponent(name)}/`);
  }
}

function terminalText({ problem }: Finding): string {
  return formatProblem(problem, ".");
}

/**
 * The script of {@link clientScriptPath}: reloads its page when a unikernel on it changed, or any
 * if it lists them; shows the first problem of the page's unikernels, and takes it away when it is
 * mended. Vite's own messages know no pages.
 */
export function clientScript(base: string): string {
  return `import { createHotContext, ErrorOverlay } from ${JSON.stringify(`${base}@vite/client`)};

const isHere = (pages) =>
  [...document.querySelectorAll("morgana-unikernel")]
    .map((element) => new URL(element.getAttribute("src") ?? "", document.baseURI).pathname)
    .some((path) => pages.includes(path.replace(/\\/?$/, "/")));

const hot = createHotContext(${JSON.stringify(`/${clientScriptPath}`)});
hot.on(${JSON.stringify(changedEvent)}, (pages) => {
  if (isHere(pages) || document.querySelector("[data-unikernels]")) location.reload();
});

let shown = "";
hot.on(${JSON.stringify(problemsEvent)}, (problems) => {
  const problem = problems.find(({ pages }) => isHere(pages));
  const text = JSON.stringify(problem?.err ?? "");
  if (text === shown) return;
  shown = text;
  document.querySelectorAll("vite-error-overlay").forEach((overlay) => overlay.close());
  if (problem !== undefined) document.body.append(new ErrorOverlay(problem.err));
});
hot.send(${JSON.stringify(problemsEvent)});
`;
}
