/** The custom elements of Morgana: importing this module defines them. */

import "../boot/polyfill.ts";
import { MorganaDisks } from "./morgana-disks.ts";
import { MorganaUnikernel } from "./morgana-unikernel.ts";

export { MorganaDisks, MorganaUnikernel };

// A page may carry the script twice.
if (customElements.get("morgana-unikernel") === undefined) {
  customElements.define("morgana-unikernel", MorganaUnikernel);
  customElements.define("morgana-disks", MorganaDisks);
}

// Few pages have it.
if (document.querySelector("morgana-conditions") !== null) void import("./morgana-conditions.ts");

declare global {
  interface HTMLElementTagNameMap {
    "morgana-unikernel": MorganaUnikernel;
    "morgana-disks": MorganaDisks;
  }
}
