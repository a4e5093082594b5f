/** What stands below a console. Loaded when the unikernel has said what it is: it boots without. */

import type { TemplateResult } from "lit";
import { html } from "lit";
import type { CounterTable, Description } from "../boot/page.ts";
import { argumentsForm } from "./arguments-form.ts";
import { deviceList } from "./device-list.ts";

/** What the panels show, and what they do. */
export interface PanelsOptions {
  /** Whose panels they are. */
  readonly owner: string;
  readonly description: Description;
  readonly counters: CounterTable;
  readonly commandLine: readonly string[];
  /** Gets the flags that differ from their defaults, with their values. */
  readonly apply: (values: ReadonlyMap<string, string>) => void;
}

/** Renders the devices with their counters, and the form of the arguments. */
export function panels(options: PanelsOptions): TemplateResult {
  const { owner, description, counters, commandLine, apply } = options;
  return html`<div class="panels">
    ${deviceList(owner, description, counters)}
    ${argumentsForm(owner, description, commandLine, apply)}
  </div>`;
}
