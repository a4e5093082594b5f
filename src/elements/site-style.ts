/** The look of `<morgana-site>`. */

import type { CSSResultGroup } from "lit";
import { css } from "lit";
import { theme } from "./theme.ts";

/** The element's styles. */
export const siteStyle: CSSResultGroup = [
  theme,
  css`
    .bar {
      display: flex;
      flex-wrap: wrap;
      gap: 0.5rem;
      align-items: center;
      margin-bottom: 0.5rem;
    }
    output {
      flex: 1;
      min-width: 6rem;
      color: var(--quiet);
      overflow-wrap: anywhere;
    }
    label {
      display: flex;
      gap: 0.4rem;
      align-items: center;
    }
    label input {
      margin: 0;
    }
    a {
      color: var(--accent);
    }
    p {
      margin: 0 0 0.5rem;
    }
    iframe {
      display: block;
      inline-size: 100%;
      block-size: min(32rem, 70vh);
      border: 1px solid var(--line);
      border-radius: 0.4rem;
      background: white;
      box-sizing: border-box;
      resize: vertical;
    }
  `,
];
