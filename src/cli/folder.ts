/** The folder of unikernels that a command works on. */

import type { UnikernelFolder } from "../vite/index.ts";
import { findUnikernels } from "../vite/index.ts";

/**
 * The unikernels of a folder that should hold some.
 *
 * @throws {Error} if it holds none, or is no folder
 */
export function someUnikernels(dir: string): readonly UnikernelFolder[] {
  const found = findUnikernels(dir);
  if (found.length > 0) return found;
  throw new Error(`${dir} holds no unikernel: no config.ts, there or in a folder of it`);
}

/** How many there are, in words. */
export function countOf(unikernels: readonly UnikernelFolder[]): string {
  return unikernels.length === 1 ? "1 unikernel" : `${unikernels.length} unikernels`;
}
