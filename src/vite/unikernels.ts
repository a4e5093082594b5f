/** Finding unikernels: the folders that hold a `config.ts`. */

import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join, resolve } from "node:path";

/** A unikernel's place on disk. */
export interface UnikernelFolder {
  /**
   * The name of its page, `/<name>/`: the folder's, or the package's if it is the whole project.
   */
  readonly name: string;
  /** Absolute. */
  readonly folder: string;
  /** Absolute path of its `config.ts`. */
  readonly config: string;
  /** Absolute path of its `page.html`, what its page holds instead of one element, if it has one. */
  readonly page?: string | undefined;
}

/**
 * The unikernels of a project: `dir` itself if it holds a `config.ts`, and each folder directly in
 * it that does, sorted by name. Hidden folders and `node_modules` are not looked at.
 *
 * @throws {Error} if `dir` is not a folder, or two of them would have the same page
 */
export function findUnikernels(dir: string): readonly UnikernelFolder[] {
  const root = resolve(dir);
  if (!statSync(root, { throwIfNoEntry: false })?.isDirectory()) {
    throw new Error(`Cannot look for unikernels in ${root}: there is no such folder`);
  }
  const children = readdirSync(root, { withFileTypes: true })
    .filter(({ name }) => name !== "node_modules" && !name.startsWith("."))
    .map(({ name }) => join(root, name));
  const found = [root, ...children]
    .filter((folder) => existsSync(join(folder, "config.ts")))
    .map((folder) => ({
      name: folder === root ? projectName(root) : basename(folder),
      folder,
      config: join(folder, "config.ts"),
      page: pageOf(folder),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const twin = found.find(({ name }, index) => name === found[index - 1]?.name);
  if (twin !== undefined) {
    throw new Error(
      `Cannot give "${twin.name}" a page: it is the name of the project and of a folder in it`,
    );
  }
  return found;
}

function pageOf(folder: string): string | undefined {
  const page = join(folder, "page.html");
  return existsSync(page) ? page : undefined;
}

/** A project that is one unikernel is named by its package, since any clone's folder may be. */
function projectName(root: string): string {
  try {
    const { name } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
      name?: string;
    };
    return name?.replace(/^@[^/]*\//, "") ?? basename(root);
  } catch {
    return basename(root);
  }
}

/**
 * The unikernel that a person named: a folder, or the path of a `config.ts`.
 *
 * @throws {Error} that says what was looked for, and which unikernels there are nearby
 */
export function findUnikernel(path: string): UnikernelFolder {
  const found = resolve(path);
  const folder = basename(found) === "config.ts" ? join(found, "..") : found;
  const config = join(folder, "config.ts");
  if (existsSync(config)) {
    return { name: projectName(folder), folder, config, page: pageOf(folder) };
  }
  const parent = existsSync(folder) ? folder : join(folder, "..");
  const near = existsSync(parent) ? findUnikernels(parent).map((each) => each.name) : [];
  const hint = near.length === 0 ? "" : `; unikernels there: ${near.join(", ")}`;
  throw new Error(`Cannot find a unikernel at ${path}: there is no ${config}${hint}`);
}
