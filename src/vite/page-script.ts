/** The page's script and style: built once with this package, served and copied as they are. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL("../page/", import.meta.url));

/**
 * The files of the page's script, by their path in the site: `morgana.js`, `morgana.css`, and what
 * they load later.
 *
 * @throws {Error} if the package was not built
 */
export function pageFiles(): ReadonlyMap<string, () => Buffer> {
  if (!existsSync(folder)) {
    throw new Error(`Cannot serve the page's script: ${folder} is missing; npm run build:package`);
  }
  const files = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    files
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => [relative(folder, file).replaceAll("\\", "/"), () => readFileSync(file)]),
  );
}

/**
 * The file of {@link pageFiles} that holds xterm.js, which a page with a unikernel soon needs.
 *
 * @throws {Error} if the package was not built
 */
export function terminalFile(): string {
  const files = [...pageFiles().keys()];
  const found = files.find((file) => /^morgana\/console-terminal-.*\.js$/.test(file));
  if (found === undefined)
    throw new Error(`Cannot find xterm.js in ${folder}: ${files.join(", ")}`);
  return found;
}
