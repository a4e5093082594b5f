/** RFC 5227, IPv4 Address Conflict Detection: each MUST by its section. */

import { met, notApplicable, open, type Requirements } from "./requirement.ts";

export const rfc5227: Requirements = {
  "1.1-1": ["use the constants of the RFC on links of its kind", met],
  "2.1-1": ["probe for an address before it is used", met],
  "2.1-2": [
    "also for one that a person configured",
    open("it is used while it is probed for, so that a server is there at once; then as others"),
  ],
  "2.1-3": ["probe again as a matter of course", met, "MUST NOT"],
  "2.1-4": ["probe again when the link comes back", met],
  "2.1.1-1": ["probe with the own hardware address and no protocol address", met],
  "2.1.1-2": ["leave the target's hardware address empty", met, "SHOULD"],
  "2.1.1-3": ["wait at random, and send PROBE_NUM probes PROBE_MIN to PROBE_MAX apart", met],
  "2.1.1-4": ["any packet from the address is a conflict, until ANNOUNCE_WAIT is over", met],
  "2.1.1-5": ["another's probe for the address is a conflict", met],
  "2.1.1-6": ["one's own packets, which a link reflects, are none", met],
  "2.1.1-7": ["after MAX_CONFLICTS, try one address of the link a minute", met],
  "2.1.1-8": ["after MAX_CONFLICTS, try one address of a DHCP server a minute", met],
  "2.2-1": ["use shorter times on links of another kind", notApplicable("a stack chooses them")],
  "2.3-1": [
    "announce ANNOUNCE_NUM times, ANNOUNCE_INTERVAL apart, with both addresses the same",
    met,
  ],
  "2.4-1": ["look for conflicts as long as the address is used", met],
  "2.4-2": ["ignore a conflict", met, "MUST NOT"],
  "2.4-3": ["defend once, and give up if there is another conflict within DEFEND_INTERVAL", met],
  "2.4-4": ["defend for good only what should be stable, and once per DEFEND_INTERVAL", met],
  "2.5-1": ["answer requests for the address, and keep looking for conflicts in all packets", met],
  "2.6-1": ["broadcast replies for other addresses than link-local ones", met, "SHOULD NOT"],
};
