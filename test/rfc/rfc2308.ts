/** RFC 2308, Negative Caching of DNS Queries: what it requires of who caches, and of a server. */

import { met, open, test, type Requirements } from "./requirement.ts";

const resolver = "src/net/dns/resolver.test.ts";
const forwarder = "src/net/dns/forwarder.test.ts";
const server = "src/net/dns/server.test.ts";

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
  "3-1": [
    "a server's negative answer has the SOA record, with the lesser time",
    test(server, "what is not there is answered with the SOA record"),
  ],
  "4-2": [
    "$TTL is the time to live of records without",
    test("src/net/dns/zone-file.test.ts", "reads a zone as RFC 1035 shows one"),
  ],
  "5-6": [
    "a forwarder keeps that there is no such name for all types",
    test(forwarder, "keeps that there is no such name for all types, and for the lesser time"),
  ],
  "5-7": [
    "a forwarder keeps that there is no such record for its type",
    test(forwarder, "keeps that there is no such record for this type alone"),
  ],
  "6-1": [
    "an answer from the cache has the SOA record, counted down",
    test(forwarder, "keeps that there is no such name for all types, and for the lesser time"),
  ],
  "7.2-2": [
    "a forwarder keeps a failure for no more than 5 minutes",
    test(forwarder, "fails at the deadline, and remembers that for a while"),
  ],
  "7.1-1": ["the failure of servers is kept for more than 5 minutes", met, "MUST NOT"],
  "7.2-1": ["the silence of servers is kept for more than 5 minutes", met, "MUST NOT"],
};
