/** RFCs that number their requirements: which there are is data, how they stand is written here. */

import type { Level, Requirement, Requirements } from "./requirement.ts";
import rfc9293 from "./rfc9293.json" with { type: "json" };

/** The requirements of RFC 9293, appendix B: those of `known` as they stand, all others open. */
export function rfc9293With(known: Requirements): Requirements {
  return Object.fromEntries(
    rfc9293.map(([id = "", level, feature = ""]): [string, Requirement] => {
      const [what, standing] = known[id] ?? [
        feature,
        { kind: "open", reason: "no test of it yet" },
      ];
      return [id, [what, standing, level as Level]];
    }),
  );
}
