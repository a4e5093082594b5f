/** RFC 8305, Happy Eyeballs Version 2: what it requires of a client. */

import { notApplicable, open, test, type Requirements } from "./requirement.ts";

const file = "src/net/happy-eyeballs.test.ts";

export const rfc8305: Requirements = {
  "3-1": [
    "AAAA is asked for before A, both at once",
    test("src/net/dns/resolver.test.ts", "finds the addresses of both families, or of one"),
    "SHOULD",
  ],
  "3-2": ["connecting waits for both answers", test(file, "waits 50 ms for IPv6"), "SHOULD NOT"],
  "3-3": [
    "an IPv4 address that is found first waits 50 ms",
    test(file, "waits 50 ms for IPv6"),
    "SHOULD",
  ],
  "3-4": [
    "an answer without IPv6 ends that wait",
    test(file, "does not wait for IPv6 that is not there"),
    "SHOULD",
  ],
  "4-1": [
    "addresses are sorted as RFC 6724 says",
    test("src/net/dns/resolver.test.ts", "puts first what we can send to"),
  ],
  "4-2": [
    "the families take turns",
    test(file, "tries the families in turn, 250 ms apart"),
    "SHOULD",
  ],
  "4-3": ["what is known of earlier connections counts", open("nothing is remembered"), "SHOULD"],
  "5-1": [
    "attempts begin one after the other",
    test(file, "tries the families in turn, 250 ms apart"),
    "SHOULD",
  ],
  "5-2": [
    "less than 10 ms lie between two attempts",
    test(file, "tries the families in turn, 250 ms apart"),
    "MUST NOT",
  ],
  "5-3": [
    "a failed attempt lets the next begin",
    test(file, "tries the next at once when one fails"),
    "SHOULD",
  ],
  "5-4": [
    "once one succeeds, all others are given up",
    test(file, "tries the families in turn"),
    "SHOULD",
  ],
  "6-1": [
    "addresses that come later join the list",
    test(file, "tries addresses that are found while others are tried"),
    "SHOULD",
  ],
  "7-1": [
    "networks with IPv6 only, and NAT64",
    notApplicable("no address is synthesized; DNS64 serves"),
  ],
};
