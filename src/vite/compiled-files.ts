/**
 * Compiling files into a unikernel: `import("./site?files")` is a module that holds all files of
 * the folder `site`, as data for `src/storage/key-value-compiled.ts`.
 */

import { isUtf8 } from "node:buffer";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { Plugin } from "vite";
import type { CompiledFolder } from "../config/index.ts";

type Entry = CompiledFolder["entries"][number];

const query = "?files";
const idPrefix = "\0morgana-files:";

/** Strings are held whole by every engine that loads the bundle. */
const maxBytes = 64 * 2 ** 20;

/** Digests are cut to 128 bits: they tell contents apart, and their entity tags stay short. */
const digestBytes = 16;

/** Makes the modules of folders. Each folder and file that is read is told to `onFile`, absolute. */
export function compiledFilesPlugin(onFile: (file: string) => void = () => {}): Plugin {
  return {
    name: "morgana-compiled-files",
    enforce: "pre",
    resolveId(source, importer) {
      if (!source.endsWith(query)) return undefined;
      const folder = resolve(dirname(importer ?? "."), source.slice(0, -query.length));
      if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) {
        onFile(folder);
        return this.error(`Cannot compile the files of ${folder}: there is no such folder`);
      }
      return `${idPrefix}${folder}`;
    },
    load(id) {
      if (!id.startsWith(idPrefix)) return undefined;
      const folder = id.slice(idPrefix.length);
      return `export default ${JSON.stringify(compileFiles(folder, onFile))};`;
    },
  };
}

/**
 * Reads all files of a folder (absolute). Names that begin with a dot are left out, but for
 * `.well-known`, and so is what is neither a file nor a folder; links are followed.
 *
 * @throws {Error} if the files are too large, or a folder links to one above it
 */
export function compileFiles(folder: string, onFile: (file: string) => void): CompiledFolder {
  let sumBytes = 0;

  function compileFolder(path: string, name: string, above: ReadonlySet<string>): CompiledFolder {
    const real = realpathSync(path);
    if (above.has(real)) {
      throw new Error(`Cannot compile the files of ${folder}: ${path} is a folder above itself`);
    }
    onFile(path);
    const names = readdirSync(path).filter((each) => /^(?:[^.]|\.well-known$)/.test(each));
    const within = new Set([...above, real]);
    const entries = names.toSorted().flatMap((each) => compile(join(path, each), each, within));
    const times = entries.map(({ modifiedMs }) => modifiedMs);
    // A folder's own time tells of what was removed from it.
    const modifiedMs = Math.max(Math.floor(statSync(path).mtimeMs), ...times);
    const listing = JSON.stringify(entries.map(({ name, digest }) => [name, digest]));
    return { name, digest: digestOf(listing), modifiedMs, entries };
  }

  function compile(path: string, name: string, above: ReadonlySet<string>): readonly Entry[] {
    const status = statSync(path, { throwIfNoEntry: false });
    if (status?.isDirectory() === true) {
      const compiled = compileFolder(path, name, above);
      return compiled.entries.length === 0 ? [] : [compiled];
    }
    if (status?.isFile() !== true) return [];
    onFile(path);
    const bytes = readFileSync(path);
    sumBytes += bytes.length;
    if (sumBytes > maxBytes) {
      throw new Error(
        `Cannot compile the files of ${folder}: they are more than ${maxBytes} bytes`,
      );
    }
    const modifiedMs = Math.floor(status.mtimeMs);
    return [{ name, digest: digestOf(bytes), modifiedMs, ...contentsOf(bytes) }];
  }

  return compileFolder(folder, "", new Set());
}

/** Text as it is, so that it is compressed as text; base64 where that is shorter. */
function contentsOf(bytes: Buffer): { text: string } | { base64: string } {
  const base64 = bytes.toString("base64");
  if (!isUtf8(bytes)) return { base64 };
  const text = bytes.toString("utf8");
  return JSON.stringify(text).length > base64.length + 2 ? { base64 } : { text };
}

function digestOf(contents: string | Buffer): string {
  return createHash("sha256")
    .update(contents)
    .digest("hex")
    .slice(0, 2 * digestBytes);
}
