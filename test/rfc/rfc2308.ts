/** RFC 2308, Negative Caching of DNS Queries: what it requires of a resolver that caches. */

import { met, notApplicable, open, test, type Requirements } from "./requirement.ts";

const resolver = "src/net/dns/resolver.test.ts";

export const rfc2308: Requirements = {
  "2.1-1": ["a name that an alias leads to may not be there", met],
  "2.2-1": ["an answer without records, and without NXDOMAIN, says that there are none", met],
  "4-1": [
    "a negative answer is kept for the lesser time of the SOA record",
    test("src/net/dns/packet.test.ts", "negativeTtlSeconds() is the lesser time of the SOA record"),
  ],
  "5-1": [
    "negative answers are kept, and end",
    test(resolver, "that there is nothing are kept"),
    "SHOULD",
  ],
  "5-2": ["their time counts down", met],
  "5-3": [
    "without SOA they are kept",
    test(resolver, "that there is nothing are kept"),
    "SHOULD NOT",
  ],
  "5-4": [
    "that there is no such name answers for all types",
    open("it is kept for the type that was asked; `resolve` asks for both at once"),
    "SHOULD",
  ],
  "5-5": [
    "they are kept for more than a day",
    test("src/net/dns/cache.test.ts", "set() keeps nothing"),
    "SHOULD NOT",
  ],
  "6-1": ["an answer from the cache has the SOA record", notApplicable("nobody asks us")],
  "7.1-1": ["the failure of servers is kept for more than 5 minutes", met, "MUST NOT"],
  "7.2-1": ["the silence of servers is kept for more than 5 minutes", met, "MUST NOT"],
};
