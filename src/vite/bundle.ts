/**
 * Bundling a unikernel into one file: its `config.ts`, its module, and the drivers and protocols of
 * the target, and nothing that it does not name. The same for every target, in development too.
 */

import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import type { Plugin, Rolldown } from "vite";
import { build, defaultClientConditions, defaultServerConditions } from "vite";
import type { Target } from "../config/index.ts";
import { compiledFilesPlugin } from "./compiled-files.ts";
import type { UnikernelFolder } from "./unikernels.ts";

/** A bundled unikernel. */
export interface Bundle {
  readonly code: string;
  /** The source map, as JSON. */
  readonly map: string;
  /** The files it was made of, absolute, and the folders whose files were compiled into it. */
  readonly files: readonly string[];
}

/** What to bundle, and how. */
export interface BundleOptions {
  readonly target: Target;
  readonly minify?: boolean;
  /** Told each file as it is read, absolute: those of a bundle that then fails, too. */
  readonly onFile?: (file: string) => void;
}

const entryId = "virtual:morgana-entry";

/** The module and function of `src/boot` that starts a unikernel on each target. */
const bootEntries: Record<Target, { readonly file: string; readonly name: string }> = {
  browser: { file: "../boot/worker.js", name: "bootWorker" },
  node: { file: "../boot/node.js", name: "bootNode" },
  simulated: { file: "../boot/simulated.js", name: "bootSimulated" },
};

/**
 * Bundles a unikernel for a target.
 *
 * @throws the bundler's error, whose message names file, line and column
 */
export async function bundle(
  unikernel: UnikernelFolder,
  { target, minify = false, onFile = () => {} }: BundleOptions,
): Promise<Bundle> {
  const browser = target === "browser";
  const conditions = [
    ...(target === "simulated" ? ["simulated"] : []),
    ...(browser ? defaultClientConditions : defaultServerConditions),
  ];
  const compiled: string[] = [];
  const onCompiled = (file: string): void => {
    compiled.push(file);
    onFile(file);
  };
  const result = await build({
    configFile: false,
    root: unikernel.folder,
    logLevel: "silent",
    publicDir: false,
    plugins: [entryPlugin(unikernel, target), compiledFilesPlugin(onCompiled), filesPlugin(onFile)],
    // A worker is built as servers are: in one file, without the page's preloading of chunks.
    ssr: { noExternal: true, target: browser ? "webworker" : "node", resolve: { conditions } },
    build: {
      write: false,
      ssr: true,
      target: browser ? "baseline-widely-available" : "node20",
      minify,
      sourcemap: true,
      rolldownOptions: {
        input: entryId,
        output: {
          format: "es",
          codeSplitting: false,
          entryFileNames: "unikernel.js",
          postBanner: (chunk) => `const morganaPackages=${JSON.stringify(packagesOf(chunk))};`,
        },
      },
    },
  });
  const [output] = Array.isArray(result) ? result : [result as Rolldown.RolldownOutput];
  const [chunk] = output?.output ?? [];
  if (chunk === undefined) throw new Error(`Cannot bundle ${unikernel.config}: there is no output`);
  const files = [...filesOf(chunk.moduleIds), ...compiled];
  return { code: chunk.code, map: JSON.stringify(chunk.map), files };
}

/** Puts the target's boot code before the configuration. */
function entryPlugin(unikernel: UnikernelFolder, target: Target): Plugin {
  const { file, name } = bootEntries[target];
  const boot = fileURLToPath(new URL(file, import.meta.url));
  const shown = relative(join(unikernel.folder, ".."), unikernel.config);
  const lines = [
    `import { ${name} } from ${JSON.stringify(boot)};`,
    `import * as config from ${JSON.stringify(unikernel.config)};`,
    // Declared by the banner, which is written when the bundle's packages are known.
    `${name}(config, ${JSON.stringify(shown)}, morganaPackages);`,
  ];
  return {
    name: "morgana-entry",
    resolveId: (id) => (id === entryId ? `\0${entryId}` : undefined),
    load: (id) => (id === `\0${entryId}` ? lines.join("\n") : undefined),
  };
}

/** Tells each file of the user's that is read. */
export function filesPlugin(onFile: (file: string) => void): Plugin {
  return {
    name: "morgana-files",
    load(id) {
      for (const file of filesOf([id])) onFile(file);
    },
  };
}

function filesOf(moduleIds: readonly string[]): readonly string[] {
  return moduleIds.filter((id) => !id.startsWith("\0")).map((id) => id.replace(/\?.*$/, ""));
}

/** The npm packages that a chunk's modules belong to, by name. */
function packagesOf(chunk: Rolldown.RenderedChunk): { name: string; version: string }[] {
  const found = new Map<string, string>();
  for (const file of filesOf(Object.keys(chunk.modules))) {
    const { name, version } = packageOf(dirname(file)) ?? {};
    if (name !== undefined) found.set(name, version ?? "0.0.0");
  }
  return [...found]
    .map(([name, version]) => ({ name, version }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The nearest `package.json` that has a name. */
function packageOf(folder: string): { name?: string; version?: string } | undefined {
  try {
    const text = readFileSync(join(folder, "package.json"), "utf8");
    const found = JSON.parse(text) as { name?: string; version?: string };
    if (found.name !== undefined) return found;
  } catch {
    // Not here; look further up.
  }
  return dirname(folder) === folder ? undefined : packageOf(dirname(folder));
}
