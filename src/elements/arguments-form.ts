/** A form made of a unikernel's typed arguments. */

import type { TemplateResult } from "lit";
import { html } from "lit";
import type { Argument, ArgumentTable, Description } from "../boot/page.ts";
import { flagOf } from "../boot/page.ts";

/**
 * Renders the form of `owner`; `apply` gets the flags that differ from their defaults, with values.
 */
export function argumentsForm(
  owner: string,
  description: Description,
  commandLine: readonly string[],
  apply: (values: ReadonlyMap<string, string>) => void,
): TemplateResult {
  const given = new Map(commandLine.map(splitFlag));
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    apply(changedValues(description.args, new FormData(event.currentTarget as HTMLFormElement)));
  };
  const fields = Object.entries(description.args).map(([name, argument]) =>
    field(flagOf(name), argument, given.get(flagOf(name))),
  );
  const none = html`<p>This unikernel takes no arguments.</p>`;
  const form = html`<form @submit=${submit}>
    ${fields}
    <button type="submit">Run with these</button>
  </form>`;
  return html`<section aria-label="Arguments of ${owner}">
    <h2>Arguments</h2>
    ${fields.length === 0 ? none : form}
  </section>`;
}

function field(flag: string, argument: Argument, given: string | undefined): TemplateResult {
  const initial = given ?? (argument.default === undefined ? "" : String(argument.default));
  return html`<label>
    <span class="flag">${flag}</span>
    ${control(flag, argument, initial)}
    <span class="doc">${argument.doc}</span>
  </label>`;
}

function control(flag: string, argument: Argument, initial: string): TemplateResult {
  const required = argument.default === undefined && argument.optional !== true;
  switch (argument.type) {
    case "boolean": {
      const on = initial === "true";
      return html`<input type="checkbox" name=${flag} value="true" ?checked=${on} />`;
    }
    case "choice":
      return html`<select name=${flag}>
        ${argument.choices.map(
          (choice) => html`<option ?selected=${choice === initial}>${choice}</option>`,
        )}
      </select>`;
    case "string":
      return html`<input type="text" name=${flag} .value=${initial} ?required=${required} />`;
    default: {
      const step = argument.type === "int" ? "1" : "any";
      const { min = "", max = "" } = argument;
      return html`<input
        type="number"
        name=${flag}
        step=${step}
        min=${min}
        max=${max}
        .value=${initial}
        ?required=${required}
      />`;
    }
  }
}

function changedValues(table: ArgumentTable, form: FormData): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  for (const [name, argument] of Object.entries(table)) {
    const flag = flagOf(name);
    const entry = form.get(flag);
    const given = argument.type === "boolean" ? String(entry !== null) : textOf(entry);
    const usual = String(argument.default ?? (argument.type === "boolean" ? false : ""));
    if (given !== usual) values.set(flag, given);
  }
  return values;
}

function splitFlag(word: string): readonly [string, string] {
  const equals = word.indexOf("=");
  return equals < 0 ? [word, "true"] : [word.slice(0, equals), word.slice(equals + 1)];
}

/** A field's text; a form without files has nothing else. */
function textOf(entry: FormDataEntryValue | null): string {
  return typeof entry === "string" ? entry : "";
}
