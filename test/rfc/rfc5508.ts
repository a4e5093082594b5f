/** RFC 5508, Network address translation behaviour for ICMP. */

import { met, notApplicable, type Requirements } from "./requirement.ts";

export const rfc5508: Requirements = {
  "REQ-1": ["queries pass, and their answers come back", met],
  "REQ-1a": ["the mapping of a query does not depend on the destination", met],
  "REQ-2": ["a query's session stays for 60 seconds", met],
  "REQ-3": ["an error with a wrong checksum is dropped", met],
  "REQ-3a": ["so is one whose quoted header has one", met],
  "REQ-3b": ["options in the quoted header are passed over", met],
  "REQ-3c": ["the quoted transport's checksum is not looked at", met],
  "REQ-4": ["an error from outside is translated, or dropped where there is no mapping", met],
  "REQ-5": ["an error from inside is translated, and comes from the address outside", met],
  "REQ-6": ["an error does not refresh or end a session", met],
  "REQ-7": ["hairpinned queries", notApplicable("one address stands for all: it is NAPT")],
  "REQ-7a": ["hairpinned errors", met],
  "REQ-8": ["a sender is told when there is no room for its session", met, "SHOULD"],
  "REQ-9": ["a policy may keep errors from being sent", met, "MAY"],
  "REQ-10": ["errors of the translator and of routers inside, and queries, of all kinds", met],
  "REQ-11": ["messages that are neither query nor error are dropped", met, "MAY"],
};
