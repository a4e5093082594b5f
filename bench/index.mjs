// npm run bench -- <suite> …: measures, side by side with peers and limits. Without a name, all
// suites.

import { run as runCommand } from "../scripts/step.mjs";
import { report } from "./report.mjs";

const suites = {
  size: () => import("./size.mjs"),
  boot: () => import("./boot.mjs"),
  links: () => import("./links.mjs"),
  net: () => import("./net.mjs"),
  web: () => import("./web.mjs"),
};

const names = process.argv.slice(2);
for (const name of names.length === 0 ? Object.keys(suites) : names) {
  const load = Object.hasOwn(suites, name)
    ? suites[/** @type {keyof typeof suites} */ (name)]
    : undefined;
  if (load === undefined) {
    console.error(`There is no suite "${name}": use ${Object.keys(suites).join(", ")}`);
    process.exit(64);
  }
  if ((await runCommand("npm", ["run", "build", "--silent"])) !== 0) process.exit(1);
  console.log(`\n${name}`);
  const { run } = await load();
  report(name, await run());
}
