/** The look of `<morgana-unikernel>`. */

import type { CSSResultGroup } from "lit";
import { css } from "lit";
import { theme } from "./theme.ts";

/** The element's styles. */
export const unikernelStyle: CSSResultGroup = [
  theme,
  css`
    .bar,
    .search,
    .foot {
      display: flex;
      flex-wrap: wrap;
      gap: 0.5rem;
      align-items: center;
    }
    .bar,
    .search {
      container-type: inline-size;
      margin-bottom: 0.5rem;
    }
    .status {
      flex: 1 1 7rem;
      color: var(--quiet);
    }
    .search input {
      flex: 0 1 16rem;
    }
    output {
      flex: 1;
      min-width: 6rem;
      color: var(--quiet);
    }
    .status::before {
      content: "";
      display: inline-block;
      width: 0.6rem;
      height: 0.6rem;
      margin-right: 0.5rem;
      border-radius: 50%;
      background: currentColor;
    }
    .status.running::before {
      background: light-dark(#15803d, #4ade80);
    }
    .status.failed {
      color: light-dark(#b91c1c, #fca5a5);
    }
    .screen {
      height: min(26rem, 60vh);
      border: 1px solid var(--line);
      border-radius: 0.6rem;
      overflow: hidden;
      resize: vertical;
    }
    .foot {
      justify-content: space-between;
      margin-top: 0.35rem;
      color: var(--quiet);
      font-size: 0.8125rem;
    }
    .mode {
      display: flex;
      gap: 0.4rem;
      align-items: center;
    }
    .mode input {
      margin: 0;
    }
    .hint {
      visibility: hidden;
      margin: 0;
    }
    .screen:focus-within + .foot .hint {
      visibility: visible;
    }
    .panels {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr));
      gap: 0.75rem;
      margin-top: 0.75rem;
    }
    section {
      container-type: inline-size;
    }
    table {
      width: 100%;
      border-collapse: collapse;
    }
    th,
    td {
      padding: 0.25rem 0.75rem 0.25rem 0;
      text-align: left;
      vertical-align: top;
    }
    th {
      white-space: nowrap;
    }
    thead th,
    .signature {
      color: var(--quiet);
      font-weight: normal;
    }
    .signature {
      font-size: 0.8125rem;
    }
    dl {
      display: flex;
      flex-wrap: wrap;
      gap: 0 0.75rem;
      margin: 0;
      font-variant-numeric: tabular-nums;
    }
    dl div {
      display: flex;
      gap: 0.3rem;
    }
    dt {
      color: var(--quiet);
    }
    dd {
      margin: 0;
    }
    form label {
      display: grid;
      grid-template-columns: 9rem 1fr;
      gap: 0 0.5rem;
      margin-bottom: 0.5rem;
      align-items: center;
    }
    .flag {
      font-family: ui-monospace, monospace;
      font-size: 0.875rem;
    }
    .doc {
      grid-column: 2;
      color: var(--quiet);
      font-size: 0.8125rem;
    }
    input:not([type="checkbox"]),
    select {
      min-width: 0;
      padding: 0.25rem 0.4rem;
      border: 1px solid var(--line);
      border-radius: 0.3rem;
      background: transparent;
      color: inherit;
      font: inherit;
    }
    input[type="checkbox"] {
      justify-self: start;
      accent-color: var(--accent);
    }
    @container (max-width: 24rem) {
      .bar button,
      .search button {
        padding-inline: 0.4rem;
      }
      .search input {
        flex-basis: 100%;
      }
      .signature {
        display: block;
      }
      form label {
        grid-template-columns: 1fr;
        margin-bottom: 0.75rem;
      }
      form label:has([type="checkbox"]) {
        grid-template-columns: auto 1fr;
      }
      .doc {
        grid-column: 1 / -1;
      }
      /* Smaller text makes a phone zoom in on the field. */
      form input:not([type="checkbox"]),
      select {
        font-size: 1rem;
      }
    }
  `,
];
