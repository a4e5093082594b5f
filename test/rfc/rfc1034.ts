/** RFC 1034, Domain Concepts: what it requires of a name server, and of one that asks others. */

import { notApplicable, test, type Requirements } from "./requirement.ts";

const authority = "src/net/dns/authority.test.ts";
const server = "src/net/dns/server.test.ts";
const forwarder = "src/net/dns/forwarder.test.ts";

export const rfc1034: Requirements = {
  "3.1-1": [
    "names compare without regard to case",
    test(authority, "gives the records of a name and a type"),
  ],
  "3.1-2": [
    "the case of names is kept where possible",
    test(server, "a query is answered with its id, its question letter by letter"),
    "SHOULD",
  ],
  "3.6.2-1": ["a name with an alias has no other records", test(authority, "refuses %j")],
  "3.6.2-2": [
    "an alias is followed for other types than its own, and begins anew at its name",
    test(authority, "follows aliases within the zone"),
  ],
  "3.6.2-3": [
    "aliases that go round end",
    test(authority, "ends where aliases go round, or lead away"),
  ],
  "4.2.1-1": ["a zone has NS records and one SOA record at its top", test(authority, "refuses %j")],
  "4.2.1-2": [
    "the addresses of servers below a cut come with them",
    test(authority, "refers to who has %s, with addresses"),
  ],
  "4.3.1-1": [
    "recursion is offered to those who may have it, and its answers say so",
    test(server, "other names are asked of the forwarder, for who wants it and may"),
  ],
  "4.3.2-1": [
    "the zone that is nearest to the name answers",
    test(authority, "answers itself for the key of a delegation"),
  ],
  "4.3.2-2": [
    "what is below a cut is referred, without authority",
    test(authority, "refers to who has %s, with addresses and without authority"),
  ],
  "4.3.2-3": [
    "an asterisk answers for names that are not there",
    test(authority, "gives records of a wildcard under the name that was asked"),
  ],
  "4.3.2-4": [
    "addresses of hosts in an answer are added",
    test(authority, "adds the addresses of mail servers, name servers and services"),
  ],
  "4.3.2-5": [
    "that there is no such name is said with authority",
    test(authority, "says that there is no %s"),
  ],
  "4.3.4-1": [
    "negative answers have the SOA record",
    test(server, "what is not there is answered with the SOA record"),
  ],
  "4.3.5-1": ["zones are transferred", notApplicable("transfers are refused")],
  "5.3.3-1": [
    "what is learned is kept for its time to live",
    test(forwarder, "keeps what a server says for as long as it may, counting down"),
  ],
  "5.3.3-2": [
    "work for one question is bounded",
    test(forwarder, "fails at the deadline, and remembers that for a while"),
  ],
};
