/** RFC 6891, EDNS(0): what it requires of who answers, and of who asks. */

import { notApplicable, test, type Requirements } from "./requirement.ts";

const server = "src/net/dns/server.test.ts";
const exchange = "src/net/dns/exchange.test.ts";

export const rfc6891: Requirements = {
  "6.1.1-1": [
    "a query with OPT is answered with one, without it with none",
    test(server, "EDNS is answered with ours, and the DO bit as it came"),
  ],
  "6.1.1-2": [
    "two OPT records are a format error, and one of a name",
    test(server, "two OPT records are not understood, nor one of a name"),
  ],
  "6.1.1-3": [
    "OPT records are not kept",
    test("test/attacks/names.test.ts", "what a server says of other names is not used"),
  ],
  "6.1.2-1": [
    "options that are not known are ignored",
    test(server, "options and flags of EDNS that are not known are ignored"),
  ],
  "6.1.3-1": [
    "another version is answered with BADVERS and ours",
    test(server, "another version of EDNS is answered with BADVERS"),
  ],
  "6.1.4-1": [
    "flags that are not known are ignored, and set to zero",
    test(server, "options and flags of EDNS that are not known are ignored"),
  ],
  "6.2.3-1": ["sizes below 512 count as 512", test(server, "sizes below 512 bytes count as 512")],
  "6.2.4-1": [
    "answers are no longer than who asks takes",
    test(server, "what does not fit 512 bytes is cut, with EDNS 1,232"),
  ],
  "6.2.5-1": [
    "who gets no answer asks with less",
    notApplicable("1,232 bytes fit every path"),
    "SHOULD",
  ],
  "7-1": [
    "errors of who understands EDNS have an OPT record",
    test(server, "who speaks EDNS is refused with it"),
  ],
  "7-2": [
    "servers that do not understand it are asked without",
    test(exchange, "that do not know EDNS are asked without it from then on"),
  ],
};
