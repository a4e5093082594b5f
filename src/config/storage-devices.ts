// What a module of a user's is typed by cannot be imported.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./files.d.ts" preserve="true" />
/** Stores of values. */

import type { KeyValueRead } from "../devices/index.ts";
import { connect, type CompiledFolder } from "../storage/key-value-compiled.ts";
import { device, type DeviceDescription } from "./device.ts";

/**
 * Files that are compiled into the unikernel: a read-only store, the same on every target, whose
 * keys are their paths. `load` imports their folder with `?files` after its name, seen from the
 * `config.ts`:
 *
 * ```ts
 * const site = compiledFiles("site", () => import("./site?files"));
 * ```
 *
 * Names that begin with a dot are left out, but for `.well-known`. `name` (in camel case) names the
 * device.
 */
export function compiledFiles(
  name: string,
  load: () => Promise<{ readonly default: CompiledFolder }>,
): DeviceDescription<KeyValueRead> {
  return device({
    name,
    signature: "KeyValueRead",
    connect: async () => connect({ folder: (await load()).default }),
  });
}
