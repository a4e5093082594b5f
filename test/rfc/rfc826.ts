/** RFC 826, An Ethernet Address Resolution Protocol: the steps of its algorithm, by section. */

import { met, test, type Requirements } from "./requirement.ts";

export const rfc826: Requirements = {
  "generation-1": ["a request is broadcast, with the sender's own addresses", met],
  "generation-2": ["types, lengths and opcode are those of IPv4 over Ethernet", met],
  "reception-1": ["other hardware or protocol types and lengths are dropped", met],
  "reception-2": ["who is in the table gets the sender's address, whoever the packet is for", met],
  "reception-3": ["a packet for another host has no answer", met],
  "reception-4": ["a sender that asks for us comes into the table", met],
  "reception-5": ["the opcode is looked at after the table was changed", met],
  "reception-6": ["a request is answered with swapped addresses, to the sender alone", met],
  "reception-7": ["a reply has no answer", met],
  "issue-1": [
    "entries that are not confirmed do not stay for ever",
    test("src/net/arp/arp.test.ts", "a neighbour in use is asked again by unicast"),
  ],
};
