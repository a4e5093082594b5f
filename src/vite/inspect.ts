/** Reading a `config.ts` in Node: what it describes, or what is wrong with it, and where. */

import { basename, join, relative } from "node:path";
import { runnerImport } from "vite";
import type { Description } from "../config/index.ts";
import { checkUnikernel, describe, unikernelFrom } from "../config/index.ts";
import type { UnikernelFolder } from "./unikernels.ts";

/** What a `config.ts` describes, or why it does not. */
export type Inspection =
  | { readonly kind: "description"; readonly description: Description }
  | { readonly kind: "broken"; readonly error: Error };

/**
 * Runs a unikernel's `config.ts`, which describes devices and connects none, and describes it. Never
 * rejects: a configuration that does not parse, throws, or exports nothing comes back as its error.
 */
export async function inspect(unikernel: UnikernelFolder): Promise<Inspection> {
  try {
    const { module } = await runnerImport<object>(unikernel.config, {
      configFile: false,
      root: unikernel.folder,
      logLevel: "silent",
    });
    const shown = join(basename(unikernel.folder), relative(unikernel.folder, unikernel.config));
    const found = unikernelFrom(module, shown);
    checkUnikernel(found);
    return { kind: "description", description: describe(found) };
  } catch (error) {
    return { kind: "broken", error: error instanceof Error ? error : new Error(String(error)) };
  }
}
