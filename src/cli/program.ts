/** A unikernel as one file that Node runs. */

import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Description } from "../config/index.ts";
import type { UnikernelFolder } from "../vite/index.ts";
import { bundle, formatProblem, inspect, problemOf } from "../vite/index.ts";

/** See {@link makeProgram}. */
export interface Program {
  readonly code: string;
  /** The source map, as JSON. */
  readonly map: string;
  readonly description: Description;
}

/**
 * Bundles a unikernel for a target of Node's.
 *
 * @throws {Error} that says what is wrong with its configuration or its code, and where
 */
export async function makeProgram(
  unikernel: UnikernelFolder,
  target: "node" | "simulated",
  { minify = false }: { readonly minify?: boolean } = {},
): Promise<Program> {
  const fail = (error: unknown): never => {
    throw new Error(formatProblem(problemOf(error as Error, unikernel.config), "."));
  };
  const [{ code, map }, inspection] = await Promise.all([
    bundle(unikernel, { target, minify }).catch(fail),
    inspect(unikernel),
  ]);
  if (inspection.kind === "broken") return fail(inspection.error);
  return { code, map: withPlaces(map, unikernel.folder), description: inspection.description };
}

/** A source map whose sources are where they are on disk, for stacks that can be followed. */
function withPlaces(map: string, folder: string): string {
  const parsed = JSON.parse(map) as { sources: readonly string[] };
  // The bundler names them from the folder that it would have written to.
  const sources = parsed.sources.map((source) => pathToFileURL(resolve(folder, "dist", source)));
  return JSON.stringify({ ...parsed, sources });
}
