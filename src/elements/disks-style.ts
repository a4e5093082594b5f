/** The look of `<morgana-disks>`. */

import type { CSSResultGroup } from "lit";
import { css } from "lit";
import { theme } from "./theme.ts";

/** The element's styles. */
export const disksStyle: CSSResultGroup = [
  theme,
  css`
    p {
      margin: 0;
      color: var(--quiet);
    }
    p[role="alert"] {
      color: light-dark(#b91c1c, #fca5a5);
    }
    ul {
      margin: 0;
      padding: 0;
      list-style: none;
    }
    li {
      display: flex;
      flex-wrap: wrap;
      gap: 0.25rem 1rem;
      align-items: center;
      padding: 0.25rem 0;
    }
    .name {
      font-family: ui-monospace, monospace;
    }
    .facts {
      flex: 1;
      color: var(--quiet);
    }
  `,
];
