/** RFC 1812, Requirements for IP version 4 routers: what a router of ours does. */

import { notApplicable, open, test, type Requirements } from "./requirement.ts";

const router = "src/net/router/router.test.ts";
const routes = "src/net/router/route-table.test.ts";
const fragments = "src/net/router/fragmenting.test.ts";

export const rfc1812: Requirements = {
  "4.2.2.7": [
    "fragments for a narrower link, and does not put fragments together that only pass",
    test(router, "fragments for a narrower link, or says how wide it is"),
  ],
  "4.2.2.9": [
    "the time to live goes down by one",
    test(router, "keeps the header's checksum right"),
  ],
  "4.2.2.11": [
    "0.0.0.0/8, 127.0.0.0/8 and broadcasts as sources are dropped",
    test(router, "does not forward from %s to %s"),
  ],
  "4.3.2.4": [
    "an ICMP error comes from an address of the link that it leaves by",
    test(router, "reports a time to live that is over"),
  ],
  "4.3.2.8": [
    "ICMP errors are limited in rate",
    test("src/net/icmp/icmp.test.ts", "report() is limited"),
    "SHOULD",
  ],
  "4.3.3.1": [
    "unreachable hosts and networks are reported",
    test(router, "reports what has no route, and whose next hop"),
  ],
  "4.3.3.2": ["redirects", test(router, "redirects a host to a router on its own network"), "MAY"],
  "4.3.3.4": ["time exceeded", test(router, "reports a time to live that is over")],
  "4.3.3.6": [
    "echo requests to each of its addresses are answered",
    test(router, "answers on all its addresses"),
  ],
  "5.2.3": [
    "packets for each of its addresses are its own, by whatever interface",
    test(router, "is a host for its own services"),
  ],
  "5.2.4.3": ["the longest prefix decides", test(routes, "find() finds the longest prefix")],
  "5.2.4.4": [
    "routes of different sources, and more than one next hop",
    notApplicable("routes are set by hand"),
  ],
  "5.2.5": [
    "path MTU discovery: fragmentation needed names the MTU",
    test(router, "lets TCP find a narrower link by itself"),
  ],
  "5.2.6": [
    "fragmenting copies options that say so",
    test(fragments, "fragments of version %d are put together in any order"),
  ],
  "5.2.7.2": [
    "a redirected packet is forwarded all the same",
    test(router, "redirects a host to a router on its own network"),
  ],
  "5.2.8": ["loose and strict source routes", open("they are dropped, as RFC 7126 advises")],
  "5.3.1": [
    "a time to live of 0 is not forwarded",
    test(router, "reports a time to live that is over"),
  ],
  "5.3.4": [
    "what came in a frame for many is not forwarded",
    test(router, "does not forward groups, broadcasts"),
  ],
  "5.3.5": [
    "limited and directed broadcasts are not forwarded",
    test(router, "does not forward from %s to %s"),
  ],
  "5.3.7": [
    "martian addresses are filtered",
    test(router, "does not forward from %s to %s"),
    "SHOULD",
  ],
  "5.3.8": [
    "source addresses can be validated",
    test(router, "checks the reverse path, if told to"),
    "SHOULD",
  ],
  "5.3.9": [
    "packet filtering",
    test("src/net/filter/filter.test.ts", "takes the first rule that matches"),
    "SHOULD",
  ],
  "7": ["routing protocols", notApplicable("routes are set by hand")],
};
