/** RFC 4862, IPv6 Stateless Address Autoconfiguration: what it requires of a host. */

import { met, notApplicable, open, test, type Requirements } from "./requirement.ts";

const addresses = "src/net/ndp/addresses.test.ts";

export const rfc4862: Requirements = {
  "5.1-1": ["the number of solicitations for duplicates can be set", met],
  "5.3-1": ["a link-local address is made", met],
  "5.4-1": ["duplicates are looked for of every address, however it came", met],
  "5.4-2": ["addresses of one interface identifier are all looked at", met],
  "5.4.2-1": ["the group of its solicited nodes is joined before the first solicitation", met],
  "5.4.2-2": ["solicitations come from no address, and go to that group", met],
  "5.4.2-3": ["the first solicitation waits up to a second", open("nobody should wait"), "SHOULD"],
  "5.4.3-1": ["another's solicitation for the same address, from no address, is a duplicate", met],
  "5.4.4-1": ["an advertisement of the address is a duplicate", met],
  "5.4.5-1": ["a duplicate is used", met, "MUST NOT"],
  "5.4.5-2": [
    "the interface is disabled if its hardware address made the duplicate",
    notApplicable("identifiers are random: another one is tried"),
  ],
  "5.5.2-1": ["routers are asked for", met],
  "5.5.3-a": ["a prefix that is not autonomous is ignored", met],
  "5.5.3-b": ["the link-local prefix is ignored", met],
  "5.5.3-c": ["a prefix with a preferred lifetime beyond the valid one is ignored", met],
  "5.5.3-d": ["a prefix that is no 64 bits long is ignored", met],
  "5.5.3-e": [
    "a lifetime is not cut below two hours",
    test(addresses, "a lifetime cannot be cut below two hours"),
  ],
  "5.5.4-1": [
    "a deprecated address is not used for what is new, an invalid one for nothing",
    test(addresses, "an address is deprecated, then removed, when its lifetimes are over"),
  ],
};
