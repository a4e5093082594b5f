// Removes what the compiler left of modules that are no longer there.

import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/**
 * Removes the output of each module that was deleted or renamed: the compiler leaves it, so that it
 * would be packed, and could still be imported here but in no fresh clone.
 *
 * @param {string} sources the folder of the modules
 * @param {string} outputs the folder where their output lies at the same paths
 * @returns {readonly string[]} what was removed, as paths below `outputs`
 */
export function removeOrphans(sources, outputs) {
  const orphans = readdirSync(outputs, { recursive: true, encoding: "utf8" }).filter((path) => {
    const module = /^(.+?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(path)?.[1];
    // The page's script is no module's output but a bundle, in a folder that it alone fills.
    return (
      module !== undefined && !/^page[/\\]/.test(path) && !existsSync(join(sources, `${module}.ts`))
    );
  });
  for (const path of orphans) rmSync(join(outputs, path));
  return orphans;
}
