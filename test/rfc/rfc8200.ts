/** RFC 8200, Internet Protocol, Version 6: what it requires of a host that is source or end. */

import { met, notApplicable, open, type Requirements } from "./requirement.ts";

export const rfc8200: Requirements = {
  "3-1": ["a packet whose hop limit is 0 is taken by its destination", met],
  "4-1": [
    "an unknown next header is reported: parameter problem, code 1, where it stands",
    met,
    "SHOULD",
  ],
  "4-2": ["a hop-by-hop header that is not the first is an unknown next header", met],
  "4.1-1": ["extension headers are accepted in any order, and any number of times", met],
  "4.1-2": ["a destination options header, a routing header, a fragment header are known", met],
  "4.2-1": ["options are processed in their order", met],
  "4.2-2": ["unknown options are skipped, or spoil the packet, as their highest bits say", met],
  "4.2-3": [
    "which is reported but to groups, or to groups too (code 2), where the option stands",
    met,
  ],
  "4.2-4": ["Pad1 and PadN are known", met],
  "4.4-1": ["an unknown routing type with no segments left is passed over", met],
  "4.4-2": ["one with segments left is reported: code 0, where its type stands", met],
  "4.5-1": ["fragments belong together by source, destination and identification", met],
  "4.5-2": ["identifications differ from those sent lately to the same destination", met],
  "4.5-3": ["fragments are multiples of 8 bytes, fit the path, and all but the last say so", met],
  "4.5-4": ["a packet that is not complete in 60 s is given up", met],
  "4.5-5": ["and reported, time exceeded with code 1, if its first fragment came", met],
  "4.5-6": ["a length that is no multiple of 8 is reported: code 0, at the payload length", met],
  "4.5-7": ["a packet that gets too long is reported: code 0, at the fragment's offset", met],
  "4.5-8": ["a first fragment without all headers is reported: code 3", met, "SHOULD"],
  "4.5-9": ["overlapping fragments spoil their packet in silence", met],
  "4.5-10": ["a fragment that is all of its packet is no part of another", met],
  "4.5-11": ["the next header is that of the first fragment", met],
  "4.5-12": ["reserved bits are 0 when sent, and ignored", met],
  "4.7-1": ["nothing follows no next header", met],
  "5-1": ["a link carries 1,280 bytes, or fragments below IPv6", notApplicable("of the link")],
  "5-2": [
    "packets longer than 1,280 bytes are only sent where the path is known to carry them",
    met,
  ],
  "5-3": ["packets of 1,500 bytes are put together", met],
  "5-4": [
    "longer ones are only sent to who puts them together",
    open("fragments go to all"),
    "SHOULD NOT",
  ],
  "6-1": ["a flow label that is not used is 0 when sent, and ignored", met],
  "7-1": ["the traffic class can be set, and is passed up", met],
  "8.1-1": ["checksums of UDP cover the pseudo-header of IPv6, and none is 0", met],
  "8.1-2": ["a datagram without a checksum is dropped", met],
  "8.1-3": ["ICMPv6 has a checksum with the pseudo-header", met],
  "8.4-1": ["an answer does not carry a routing header made of one received", met, "MUST NOT"],
};
