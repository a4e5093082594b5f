/** Projects of one test's own, which it may change. */

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** Below the repository, so that a project finds the package and its compiler. */
const scratch = fileURLToPath(new URL("../.morgana/", import.meta.url));

/** A folder that goes away with `using`. */
export interface ScratchProject extends Disposable {
  readonly root: string;
  write(file: string, text: string): void;
  remove(path: string): void;
}

/** Makes a project of some files. */
export function scratchProject(files: Readonly<Record<string, string>>): ScratchProject {
  mkdirSync(scratch, { recursive: true });
  const root = mkdtempSync(join(scratch, "project-"));
  const write = (file: string, text: string): void => {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  };
  const remove = (path: string): void => rmSync(join(root, path), { recursive: true });
  for (const [file, text] of Object.entries(files)) write(file, text);
  return { root, write, remove, [Symbol.dispose]: () => remove("") };
}

/** The configuration of a unikernel with a console. */
export function configOf(name: string): string {
  return `import { defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("${name}", () => import("./unikernel.ts"), [defaultConsole], {
  description: "Says one word",
});
`;
}

/** A unikernel that says a word. */
export function unikernelSaying(word: string): string {
  return `import type { Console } from "fata-morgana/devices";

export async function start(console: Console): Promise<void> {
  await console.writeLine("${word}");
}
`;
}

/** A compiler's configuration for unikernels. */
export const tsconfig: string = JSON.stringify({
  compilerOptions: {
    target: "ES2023",
    lib: ["ESNext"],
    types: [],
    module: "ESNext",
    moduleResolution: "bundler",
    allowImportingTsExtensions: true,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  },
});

/** One that checks nothing: a project in the repository has the repository's otherwise. */
export const emptyTsconfig = '{ "files": [] }';
