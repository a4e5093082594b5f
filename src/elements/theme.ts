/** Colours and type that the elements share; each pair meets WCAG AA (4.5:1) in light and dark. */

import type { CSSResult } from "lit";
import { css } from "lit";

/** Put first in an element's styles. */
export const theme: CSSResult = css`
  :host {
    display: block;
    color-scheme: light dark;
    color: var(--morgana-text, light-dark(#1c1b22, #e8e6ef));
    font:
      0.9375rem/1.5 system-ui,
      sans-serif;
    --line: light-dark(#d5d2de, #3a3747);
    --quiet: light-dark(#5b5768, #a9a4b8);
    --accent: light-dark(#6d28d9, #b794f6);
    --surface: light-dark(#ffffff, #1c1a24);
  }
  h2 {
    margin: 0 0 0.5rem;
    font-size: 1rem;
  }
  button {
    padding: 0.3rem 0.8rem;
    border: 1px solid var(--line);
    border-radius: 0.4rem;
    background: var(--surface);
    color: inherit;
    font: inherit;
    cursor: pointer;
  }
  button:hover:not(:disabled, [aria-disabled="true"]) {
    border-color: var(--accent);
  }
  button:disabled,
  button[aria-disabled="true"] {
    color: var(--quiet);
    cursor: default;
  }
  :focus-visible {
    outline: 2px solid var(--accent);
    outline-offset: 2px;
  }
  section {
    min-width: 0;
    padding: 0.9rem 1rem;
    border: 1px solid var(--line);
    border-radius: 0.6rem;
    background: var(--surface);
  }
`;
