/** RFC 1191, Path MTU Discovery: what it asks of a host. */

import { met, notApplicable, test, type Requirements } from "./requirement.ts";

const icmp = "src/net/icmp/icmp.test.ts";

export const rfc1191: Requirements = {
  "3-1": ["reduce the estimate when a router says that a datagram is too big", met],
  "3-2": ["not send what would bring the same report again soon", met],
  "3-3": ["reduce it below 68 bytes", met, "MUST NOT"],
  "3-4": ["increase it because of a report", met, "MUST NOT"],
  "3-5": ["look for an increase less than 5 minutes after a report", met, "MUST NOT"],
  "3-6": ["use the reported MTU of routers that say it", met],
  "5-1": ["do something sensible with reports that do not say it", met],
  "6.1-1": ["keep estimates by path, at least by destination", met],
  "6.1-2": ["have the packetization layers notified of a decrease", met],
  "6.2-1": [
    "not believe reports about what was not sent",
    test(icmp, "the MTU of a report is learned, if the packet was longer and ours"),
    "SHOULD",
  ],
  "6.3-1": ["forget an estimate after 10 minutes", met, "SHOULD"],
  "6.6-1": ["let management disable path MTU discovery", met, "SHOULD"],
  "4-1": ["say the MTU of the next hop", notApplicable("for routers")],
};
