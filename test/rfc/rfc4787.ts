/** RFC 4787, Network address translation behaviour for UDP. */

import { met, notApplicable, open, type Requirements } from "./requirement.ts";

const oneAddress = notApplicable("one address stands for all");

export const rfc4787: Requirements = {
  "REQ-1": ["mapping does not depend on the destination", met],
  "REQ-2": ["paired pooling of addresses", oneAddress, "SHOULD"],
  "REQ-3": ["no two hosts share a port outside", met],
  "REQ-3a": ["a port is kept; if it is changed, its range is not", met, "SHOULD"],
  "REQ-4": ["the parity of a port is kept", met, "SHOULD"],
  "REQ-5": ["a mapping stays for two minutes at least, five by default", met],
  "REQ-5a": ["well-known ports may have shorter timers", notApplicable("they have not"), "MAY"],
  "REQ-5b": ["the time can be configured", met, "MAY"],
  "REQ-6": ["what goes out refreshes a mapping", met],
  "REQ-6a": ["what comes in may refresh it, if so configured", met, "MAY"],
  "REQ-7": [
    "networks inside and outside do not overlap",
    open("the router's owner chooses both; a conflict with an address from DHCP is not seen"),
  ],
  "REQ-8": ["filtering is address-dependent, or what is configured", met, "SHOULD"],
  "REQ-9": ["hairpinning, from the endpoint outside", met],
  "REQ-10": [
    "gateways for protocols above can be turned off",
    notApplicable("there are none"),
    "SHOULD",
  ],
  "REQ-11": ["the same behaviour in every situation: it does not change with load", met],
  "REQ-12": ["an ICMP error does not end a mapping", met],
  "REQ-12a": ["ICMP errors pass, whatever the filtering", met, "SHOULD"],
  "REQ-13": ["don't fragment is answered by ICMP fragmentation needed", met],
  "REQ-14": ["fragments may come in any order, and are bounded", met],
};
