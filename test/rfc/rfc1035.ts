/** RFC 1035, Domain Names: what it requires of a stub resolver, of zone files and of a server. */

import { met, test, type Requirements } from "./requirement.ts";

const resolver = "src/net/dns/resolver.test.ts";
const exchange = "src/net/dns/exchange.test.ts";
const codec = "src/net/dns/packet.test.ts";
const zoneFile = "src/net/dns/zone-file.test.ts";
const server = "src/net/dns/server.test.ts";

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
  "4.1.1-3": [
    "an answer repeats the id, the opcode and whether recursion is wanted",
    test(server, "a query is answered with its id"),
  ],
  "4.1.1-4": [
    "what a server does not do is answered with a code",
    test(server, "%s is answered with a code"),
  ],
  "4.1.4-2": [
    "names are written as pointers to those before them, but in data of other types",
    test("src/net/dns/message-writer.test.ts", "names are pointers to those before them"),
    "MAY",
  ],
  "4.2.1-2": [
    "an answer over UDP that is longer than 512 bytes is cut, and says so",
    test(server, "what does not fit 512 bytes is cut"),
  ],
  "4.2.2-2": [
    "a server answers others while a connection waits, and ends those that are idle",
    test(server, "a connection that is silent, or sends half a message, ends after its time"),
  ],
  "4.2.2-3": [
    "several questions of one connection are answered",
    test(server, "several queries of one connection are answered, cut anywhere"),
  ],
  "5.1-1": [
    "parentheses, comments, texts in quotes, escapes and blanks are read",
    test(zoneFile, "reads a zone as RFC 1035 shows one"),
  ],
  "5.1-2": [
    "names are below the origin, which $ORIGIN sets",
    test(zoneFile, "$ORIGIN holds for what follows"),
  ],
  "5.1-3": [
    "$INCLUDE does not change the origin of what follows",
    test(zoneFile, "$INCLUDE reads what a function gives, and goes on as before"),
  ],
  "5.1-4": [
    "without a time to live there is that of the record before",
    test(zoneFile, "without $TTL a record has the time of the one before it"),
  ],
  "5.2-1": [
    "a zone that contradicts itself is not loaded",
    test("src/net/dns/authority.test.ts", "refuses %j"),
  ],
  "6.2-1": [
    "what zones say has authority",
    test(server, "a query is answered with its id, its question letter by letter, and AA"),
  ],
};
