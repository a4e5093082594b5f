/** The look of `<morgana-unikernel>`. */

import type { CSSResultGroup } from "lit";
import { css } from "lit";
import { theme } from "./theme.ts";

/** The element's styles. */
export const unikernelStyle: CSSResultGroup = [
  theme,
  css`
    .bar {
      display: flex;
      gap: 0.5rem;
      align-items: center;
      margin-bottom: 0.5rem;
    }
    .status {
      flex: 1;
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
    .hint {
      visibility: hidden;
      margin: 0.25rem 0 0;
      color: var(--quiet);
      font-size: 0.8125rem;
      text-align: right;
    }
    .screen:focus-within + .hint {
      visibility: visible;
    }
    .panels {
      display: grid;
      grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr));
      gap: 0.75rem;
      margin-top: 0.75rem;
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
    thead th {
      color: var(--quiet);
      font-weight: normal;
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
    label {
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
    }
  `,
];
