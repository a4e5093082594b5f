/** RFC 5382, Network address translation behaviour for TCP. */

import { met, notApplicable, open, type Requirements } from "./requirement.ts";

export const rfc5382: Requirements = {
  "REQ-1": ["mapping does not depend on the destination", met],
  "REQ-2": ["all ways to open a connection, simultaneous open too", met],
  "REQ-2a": ["a SYN and its answer from inside, whatever the state", met],
  "REQ-3": ["filtering is address-dependent, or what is configured", met, "SHOULD"],
  "REQ-4": ["nothing answers a SYN that nobody asked for, for six seconds", met],
  "REQ-4a": ["then ICMP port unreachable, unless the other half came", met, "SHOULD"],
  "REQ-5": [
    "an established connection stays for 2 hours and 4 minutes, another for 4 minutes",
    met,
  ],
  "REQ-6": ["gateways for protocols above can be turned off", notApplicable("there are none")],
  "REQ-7": ["no two endpoints share a port outside", met],
  "REQ-8": ["hairpinning, from the endpoint outside", met],
  "REQ-9": ["ICMP errors about TCP are translated", met, "SHOULD"],
  "REQ-10": ["an ICMP error does not end a connection", met],
  "RFC7857-2.2": ["a connection that goes on after a reset is established", met],
  "RFC6146-3.5.2": [
    "connections under way before the translator was are not let out",
    open("they are, for 4 minutes, and then as any"),
    "MAY",
  ],
};
