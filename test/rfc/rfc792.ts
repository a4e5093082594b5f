/** RFC 792, Internet Control Message Protocol, as far as RFC 1122 does not say it again. */

import { met, notApplicable, type Requirements } from "./requirement.ts";

export const rfc792: Requirements = {
  "format-1": ["the checksum covers the whole message, and is checked", met],
  "format-2": ["an error quotes the header and 8 bytes at least", met],
  "intro-1": ["no errors about ICMP errors", met],
  "intro-2": ["errors about the first fragment only", met],
  "unreachable-1": ["a protocol or a port that nobody listens to may be reported", met],
  "time-1": ["fragments that do not come in time may be reported, if the first came", met],
  "echo-1": ["a reply has the request's data, identifier and sequence number", met],
  "echo-2": ["a reply goes back to the source, from the destination", met],
  "gateway-1": ["redirects, and errors about packets under way", notApplicable("for gateways")],
};
