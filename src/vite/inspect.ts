/** Reading a `config.ts` in Node: what it describes, or what is wrong with it, and where. */

import { basename, join, relative } from "node:path";
import { runnerImport } from "vite";
import type { Description } from "../config/index.ts";
import { checkUnikernel, describe, unikernelFrom } from "../config/index.ts";
import { bundle, filesPlugin } from "./bundle.ts";
import { compiledFilesPlugin } from "./compiled-files.ts";
import { isPlaced } from "./problems.ts";
import type { UnikernelFolder } from "./unikernels.ts";

/** What a `config.ts` describes, or why it does not. */
export type Inspection =
  | { readonly kind: "description"; readonly description: Description }
  | { readonly kind: "broken"; readonly error: Error };

/**
 * Runs a unikernel's `config.ts`, which describes devices and connects none, and describes it.
 * Never rejects: a configuration that does not parse, throws, or exports nothing comes back as its
 * error. `onFile` is told each file that is read, absolute.
 */
export async function inspect(
  unikernel: UnikernelFolder,
  onFile: (file: string) => void = () => {},
): Promise<Inspection> {
  // Kept on: a stack is mapped to the user's lines when it is first read, which is after the
  // runner.
  process.setSourceMapsEnabled(true);
  try {
    const { module } = await runnerImport<object>(unikernel.config, {
      configFile: false,
      root: unikernel.folder,
      logLevel: "silent",
      plugins: [compiledFilesPlugin(onFile), filesPlugin(onFile)],
    });
    const shown = join(basename(unikernel.folder), relative(unikernel.folder, unikernel.config));
    const found = unikernelFrom(module, shown);
    checkUnikernel(found);
    return { kind: "description", description: describe(found) };
  } catch (thrown) {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    readStack(error);
    return { kind: "broken", error: await placed(error, unikernel) };
  }
}

/** Has Node write the stack, not what somebody put in its place, which would not map it. */
function readStack(error: Error): string | undefined {
  const theirs = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
  Reflect.deleteProperty(Error, "prepareStackTrace");
  const { stack } = error;
  if (theirs !== undefined) Object.defineProperty(Error, "prepareStackTrace", theirs);
  return stack;
}

/** The bundler says where an import is that leads nowhere; running the file does not. */
async function placed(error: Error, unikernel: UnikernelFolder): Promise<Error> {
  if (isPlaced(error, unikernel.config)) return error;
  try {
    await bundle(unikernel, { target: "node" });
    return error;
  } catch (bundling) {
    return bundling as Error;
  }
}
