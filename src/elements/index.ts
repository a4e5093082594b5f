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

// Few pages have them.
if (document.querySelector("morgana-conditions") !== null) void import("./morgana-conditions.ts");
if (document.querySelector("morgana-site") !== null) void import("./morgana-site.ts");

declare global {
  interface HTMLElementTagNameMap {
    "morgana-unikernel": MorganaUnikernel;
    "morgana-disks": MorganaDisks;
  }
}
