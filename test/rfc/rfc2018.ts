/** RFC 2018, TCP Selective Acknowledgment Options. */

import { scripts, test, type Requirements } from "./requirement.ts";

export const rfc2018: Requirements = {
  "2": [
    "permission is in SYNs alone, and none is given unasked",
    scripts("options-sack", "options-none"),
  ],
  "3": [
    "as many blocks as fit",
    test("src/net/tcp/packet.test.ts", "encode() takes 4 SACK blocks, or 3 beside timestamps"),
  ],
  "4": ["the first block has what has just arrived", scripts("sack-blocks")],
  "5": ["what was reported is not sent again", scripts("sack-recovery", "sack-two-holes")],
  "8": ["after a timeout, reports may have been taken back", scripts("sack-reneged")],
};
