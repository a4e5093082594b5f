// What a module of a user's is typed by cannot be imported.
// oxlint-disable-next-line typescript/triple-slash-reference
/// <reference path="./files.d.ts" preserve="true" />
/** Stores of values. */

import type { Block, KeyValue, KeyValueRead } from "../devices/index.ts";
import { connect, type CompiledFolder } from "../storage/key-value-compiled.ts";
import { connect as connectLog } from "../storage/key-value-log.ts";
import { device, type DeviceDescription } from "./device.ts";
import { defaultClock, defaultRandom } from "./devices.ts";

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

/**
 * A store of values on a disk, which it has for itself: what was set is there when the unikernel
 * starts again. About half of the disk can be filled. A disk that holds something else is not
 * opened. `name` (in camel case) names the device.
 */
export function keyValueOn(
  block: DeviceDescription<Block>,
  name = "store",
): DeviceDescription<KeyValue> {
  return device({
    name,
    signature: "KeyValue",
    needs: [block, defaultClock, defaultRandom],
    connect: (_context, disk, clock, random) => connectLog({ block: disk, clock, random }),
  });
}
