/** RFC 1035, Domain Names: what it requires of a stub resolver, and RFC 1034, 5.3, of its limits. */

import { met, notApplicable, test, type Requirements } from "./requirement.ts";

const resolver = "src/net/dns/resolver.test.ts";
const exchange = "src/net/dns/exchange.test.ts";
const codec = "src/net/dns/packet.test.ts";

export const rfc1035: Requirements = {
  "2.3.1-1": ["names compare without regard to case", met],
  "2.3.4-1": [
    "labels have 63 bytes at most, names 255",
    test(codec, "decodeName() refuses names of more than 255"),
  ],
  "3.2.1-1": [
    "a record with a time to live of 0 is used once and not kept",
    test(resolver, "with no or a senseless time to live are not kept"),
  ],
  "3.3-1": ["the known types of data are read", test(codec, "decodeData() reads each type")],
  "4.1.1-1": ["a query asks one question, wants recursion, and leaves all other bits 0", met],
  "4.1.1-2": ["an answer that was cut is not used as it is", test(exchange, "are asked over TCP")],
  "4.1.4-1": [
    "names are read with pointers, which lead back only",
    test(codec, "decodeName() follows pointers back"),
  ],
  "4.2.1-1": ["a query over UDP goes to port 53", met],
  "4.2.2-1": ["a message over TCP has its length before it", test(exchange, "are asked over TCP")],
  "7.1-1": [
    "what is done for a name is bounded",
    test(resolver, "that are aliases going round %s fail"),
  ],
  "7.2-1": [
    "servers are asked again, and others too",
    test(exchange, "are asked again when a message is lost"),
  ],
  "7.3-1": [
    "an answer counts if its number and its question are right",
    test(exchange, "another id"),
  ],
  "7.3-2": [
    "an answer counts if it comes from the server that was asked",
    test(exchange, "another address"),
  ],
  "7.4-1": [
    "records are kept for their time to live",
    test(resolver, "are kept as long as they say"),
  ],
  "3.6-1": ["aliases are followed", test(resolver, "follow aliases, within a message and beyond")],
  "6-1": ["a server", notApplicable("a stub resolver is none")],
};
