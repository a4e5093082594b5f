/**
 * Finding text in a console. Loaded when somebody asks for it, since a page boots without it.
 */

import type { TemplateResult } from "lit";
import { html } from "lit";
import type { FindFrom } from "../boot/page.ts";

/** What the search acts on. */
export interface SearchTarget {
  /** Whose console it is. */
  readonly owner: string;
  /** Selects a match; gives the row it begins in, counted from 1, or `undefined` for none. */
  readonly find: (text: string, from: FindFrom) => number | undefined;
  /** The search is done with. */
  readonly close: () => void;
}

/** Renders the search: it finds while one types, Enter is next, Shift-Enter previous. */
export function consoleSearch({ owner, find, close }: SearchTarget): TemplateResult {
  const run = (within: EventTarget | null, from: FindFrom): void => {
    const form = (within as HTMLElement).closest("form");
    const [input, output] = [form?.querySelector("input"), form?.querySelector("output")];
    if (!input || !output) return;
    output.value = input.value === "" ? "" : verdict(input.value, find(input.value, from));
  };
  const onSubmit = (event: Event): void => {
    event.preventDefault();
    run(event.target, "next");
  };
  const onKey = (event: KeyboardEvent): void => {
    const previous = event.key === "Enter" && event.shiftKey;
    if (event.key !== "Escape" && !previous) return;
    event.preventDefault();
    if (previous) run(event.target, "previous");
    else close();
  };
  return html`<form
    role="search"
    aria-label="Console of ${owner}"
    class="search"
    @submit=${onSubmit}
    @keydown=${onKey}
  >
    <input
      type="search"
      aria-label="Find in the console"
      placeholder="Find"
      autocapitalize="off"
      autocomplete="off"
      spellcheck="false"
      @input=${(event: Event) => run(event.target, "here")}
    />
    <button type="button" @click=${(event: Event) => run(event.target, "previous")}>
      Previous
    </button>
    <button type="submit">Next</button>
    <output></output>
    <button type="button" @click=${close}>Close</button>
  </form>`;
}

/** Says where the match is, so that the next one is heard to be another. */
function verdict(text: string, row: number | undefined): string {
  return row === undefined ? `No match for “${text}”` : `Found in row ${row}`;
}
