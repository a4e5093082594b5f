/** RFC 8201, Path MTU Discovery for IP version 6: what it requires of a node. */

import { met, test, type Requirements } from "./requirement.ts";

export const rfc8201: Requirements = {
  "4-1": ["a report with less than 1,280 bytes is discarded", met],
  "4-2": ["an estimate is reduced below 1,280 bytes", met, "MUST NOT"],
  "4-3": ["an estimate is increased because of a report", met, "MUST NOT"],
  "4-4": ["a report reduces the estimate for its path", met],
  "4-5": ["what would bring the same report again is not sent", met],
  "4-6": [
    "a report is only believed if it is about a packet that may be ours",
    test("src/net/icmp/icmp.test.ts", "the MTU of a report is learned, if the packet was longer"),
  ],
  "4-7": ["an increase is looked for less than 5 minutes after a report", met, "MUST NOT"],
  "5.2-1": ["estimates are kept by path, at least by destination", met],
  "5.2-2": ["packetization layers are told of a decrease", met],
  "5.3-1": ["an estimate is forgotten after 10 minutes", met, "SHOULD"],
  "5.4-1": ["packets to the node itself, or to groups, have an estimate too", met],
};
