/**
 * The laws: one suite for each device signature, for our drivers and yours. A suite is a list of
 * named functions, so any test runner can run it:
 *
 * ```ts
 * import { blockLaws } from "fata-morgana/conformance";
 * for (const law of blockLaws({ connect })) test(law.name, () => law.run());
 * ```
 */

export { blockLaws, type BlockSubject } from "./block.ts";
export { clockLaws, type ClockSubject } from "./clock.ts";
export { consoleLaws, type ConsoleSide, type ConsoleSubject } from "./console.ts";
export { keyValueLaws, type KeyValueSubject } from "./key-value.ts";
export {
  keyValueReadLaws,
  type KeyValueContents,
  type KeyValueReadSubject,
} from "./key-value-read.ts";
export { LawError, type Law } from "./law.ts";
export { networkLaws, type NetworkSubject } from "./network.ts";
export { randomLaws, type RandomSubject } from "./random.ts";
