/** RFC 4861, Neighbor Discovery for IP version 6: what it requires of a host on a link. */

import { met, notApplicable, open, test, type Requirements } from "./requirement.ts";

const neighbours = "src/net/ndp/neighbours.test.ts";
const routers = "src/net/ndp/routers.test.ts";

export const rfc4861: Requirements = {
  "4.1-1": ["a solicitation for routers from no address tells a MAC address", met, "MUST NOT"],
  "4.6-1": ["a message with an option of length 0 is discarded", met],
  "4.6-2": ["unknown options are passed over", met],
  "6.1.1-1": ["solicitations for routers are discarded by hosts", met],
  "6.1.2-1": ["an advertisement that comes from no link-local address is discarded", met],
  "6.1.2-2": ["one whose hop limit is not 255 is discarded", met],
  "6.1.2-3": ["one with a wrong checksum, another code or less than 16 bytes is discarded", met],
  "6.2-1": ["send advertisements for routers", met, "MUST NOT"],
  "6.3.4-1": ["what several routers say adds up", met],
  "6.3.4-2": ["a value that says nothing changes nothing", met],
  "6.3.4-3": ["a lifetime of 0 ends a default router at once", met],
  "6.3.4-4": [
    "the MTU is taken between 1,280 and what the link carries",
    test(routers, "an advertisement sets the MTU"),
  ],
  "6.3.4-5": ["prefixes that are on the link are known for their lifetime", met],
  "6.3.4-6": ["a prefix whose flag is not set says nothing about the link", met, "MUST NOT"],
  "6.3.4-7": ["the link-local prefix is not taken from routers", met],
  "6.3.4-8": ["the hop limit that routers say is the default", met, "SHOULD"],
  "6.3.5-1": ["a default router is not used once its lifetime is over", met],
  "6.3.6-1": [
    "a router that is reachable is preferred to one that is not",
    test(routers, "a router that does not answer is left for another"),
  ],
  "6.3.7-1": ["at most three solicitations, four seconds apart, then none", met],
  "6.3.7-2": [
    "the first waits up to a second",
    open("nobody should wait; links here are small"),
    "SHOULD",
  ],
  "7.1.1-1": [
    "solicitations that fail a check are discarded",
    test(neighbours, "from no address, with a MAC address"),
  ],
  "7.1.2-1": ["an advertisement to a group that says it was solicited is discarded", met],
  "7.1.2-2": ["one about a group, from afar, cut off or damaged is discarded", met],
  "7.2.1-1": ["the groups of all nodes and of its solicited nodes are joined", met],
  "7.2.2-1": ["a solicitation to a group tells the MAC address", met],
  "7.2.2-2": ["one packet at least waits for the answer", met],
  "7.2.2-3": ["solicitations are a second apart, three at most", met],
  "7.2.2-4": ["what waited in vain is reported: unreachable, code 3", met],
  "7.2.3-1": ["a solicitation for no address of ours is discarded", met],
  "7.2.3-2": ["who solicits us is known, not as reachable", met],
  "7.2.4-1": ["an answer has our MAC address, if the question went to a group", met],
  "7.2.4-2": ["an answer to no address goes to all nodes, unsolicited", met],
  "7.2.4-3": ["a host does not say that it is a router", met],
  "7.2.5-1": ["an advertisement about nobody known makes no entry", met, "SHOULD"],
  "7.2.5-2": ["an answer without a MAC address does not resolve", met],
  "7.2.5-3": [
    "another MAC address only replaces one that is known with the override flag",
    test(neighbours, "an advertisement without override makes doubt, one with it replaces"),
  ],
  "7.2.5-4": ["who stops being a router is no default router any more", met],
  "7.2.7-1": [
    "anycast addresses are answered for after a random delay",
    notApplicable("there are none"),
  ],
  "7.3.1-1": [
    "who is not used is not asked",
    test(neighbours, "a neighbour that was not heard for long is asked only while it is used"),
  ],
  "7.3.3-1": [
    "who does not answer three solicitations is forgotten",
    test(neighbours, "a neighbour that went away is forgotten after three questions"),
  ],
  "8.1-1": ["a redirect that fails a check is discarded", met],
  "8.1-2": ["one that is not from the first hop is discarded", met],
  "8.3-1": ["a redirect is followed", test(routers, "a redirect is followed"), "SHOULD"],
  "8.3-2": ["send redirects", met, "MUST NOT"],
};
