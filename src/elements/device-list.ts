/** The devices of a running unikernel with their counters. */

import type { TemplateResult } from "lit";
import { html, nothing } from "lit";
import type { CounterTable, Description } from "../boot/page.ts";

/** Renders a table of devices of `owner`; counters that are not there yet are left out. */
export function deviceList(
  owner: string,
  description: Description,
  counters: CounterTable,
): TemplateResult {
  const rows = description.devices.map(
    ({ name, signature }) => html`
      <tr>
        <th scope="row">${name} <span class="signature">${signature}</span></th>
        <td>${counterItems(counters[name])}</td>
      </tr>
    `,
  );
  const none = html`<p>This unikernel uses no devices.</p>`;
  const table = html`<table>
    <thead>
      <tr>
        <th scope="col">Device</th>
        <th scope="col">Counters</th>
      </tr>
    </thead>
    <tbody>
      ${rows}
    </tbody>
  </table>`;
  return html`<section aria-label="Devices of ${owner}">
    <h2>Devices</h2>
    ${rows.length === 0 ? none : table}
  </section>`;
}

/** Of a device with more counters, those are shown that count something. */
const maxCounters = 16;

function counterItems(
  counters: Readonly<Record<string, number>> | undefined,
): TemplateResult | typeof nothing {
  const all = Object.entries(counters ?? {});
  const entries = all.length <= maxCounters ? all : all.filter(([, value]) => value > 0);
  if (entries.length === 0) return nothing;
  return html`<dl>
    ${entries.map(
      ([name, value]) =>
        html`<div>
          <dt>${words(name)}</dt>
          <dd>${value.toLocaleString("en")}</dd>
        </div>`,
    )}
  </dl>`;
}

/** `sectorsRead` is "sectors read". */
function words(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}
