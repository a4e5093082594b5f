/** RFC 4443, ICMPv6: what it requires of a host. */

import { met, notApplicable, type Requirements } from "./requirement.ts";

export const rfc4443: Requirements = {
  "2-1": ["ICMPv6 is implemented by every node", met],
  "2.2-1": ["an answer to a packet for an address of ours comes from that address", met],
  "2.2-2": ["an answer to a packet for a group comes from an address of ours", met],
  "2.3-1": ["the checksum is right when sent, and checked", met],
  "2.4-a": ["errors of unknown types are passed to the protocol that they are about", met],
  "2.4-b": ["informational messages of unknown types are discarded in silence", met],
  "2.4-c": ["an error quotes as much as fits 1,280 bytes", met],
  "2.4-d": ["the protocol of the quoted packet is told", met],
  "2.4-e1": ["an error about an ICMPv6 error is sent", met, "MUST NOT"],
  "2.4-e2": ["an error about a redirect is sent", met, "MUST NOT"],
  "2.4-e3": ["an error about a packet to a group is sent, but for two kinds", met, "MUST NOT"],
  "2.4-e4": ["an error about a link-layer multicast is sent", met, "MUST NOT"],
  "2.4-e5": ["an error about a link-layer broadcast is sent", met, "MUST NOT"],
  "2.4-e6": ["an error about a packet from no single node is sent", met, "MUST NOT"],
  "2.4-f": ["errors are limited in rate", met],
  "3.1-1": ["a port where nobody is is reported, code 4", met, "SHOULD"],
  "3.1-2": ["destination unreachable is passed up", met],
  "3.2-1": ["packet too big is passed up", met],
  "3.2-2": ["packet too big is sent about what cannot be forwarded", notApplicable("for routers")],
  "3.3-1": ["time exceeded is passed up", met],
  "3.4-1": ["parameter problem is passed up", met],
  "3.4-2": ["a field that makes no sense is reported, with where it stands", met, "SHOULD"],
  "4.1-1": ["echo requests are answered", met],
  "4.1-2": ["applications can send and receive echoes", met, "SHOULD"],
  "4.2-1": ["a reply has all data of the request, unmodified", met],
  "4.2-2": ["a request to a group is answered, from an address of ours", met, "SHOULD"],
  "4.2-3": ["a reply is passed to who asked", met],
};
