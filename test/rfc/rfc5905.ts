/** RFC 5905, Network Time Protocol version 4: what is on the wire, of a client and a server. */

import { notApplicable, open, test, type Requirements } from "./requirement.ts";

const packet = "src/net/ntp/packet.test.ts";
const client = "src/net/ntp/client.test.ts";
const server = "src/net/ntp/server.test.ts";

const believed = test(client, "a server that %s");

export const rfc5905: Requirements = {
  "6-1": [
    "differences of timestamps are right across eras, for clocks less than 68 years apart",
    test(packet, "differenceMs() is right for times less than 68 years apart"),
  ],
  "6-2": [
    "the era that begins in 2036 is known",
    test(packet, "timestampOf() begins anew in 2036"),
  ],
  "7.3-1": ["fields are where the figure has them", test(packet, "decode() gives what encode()")],
  "7.3-2": ["a message has 48 bytes", test(packet, "decode() never throws, and needs 48 bytes")],
  "7.3-3": [
    "an unset clock says so: leap 3, stratum 16",
    test(server, "announce() says what the clock is, and when it is not set"),
  ],
  "7.3-4": [
    "a clock's identifier is four letters, or the address of who is followed",
    test(server, "announce() says what the clock is, and when it is not set"),
  ],
  "7.4-1": ["a kiss of DENY or RSTR ends asking for good", test(client, "that says %s ends it")],
  "7.4-2": ["a kiss of RATE makes asking rarer", test(client, "ends asking, for longer each time")],
  "7.4-3": [
    "a kiss counts only from who has seen the question",
    test(client, "a kiss that nobody asked for"),
  ],
  "7.4-4": [
    "who asks too often gets a kiss, and not one for each question",
    test(server, "who asks too often is told once, and then not answered"),
    "SHOULD",
  ],
  "8-1": ["offset and delay come of the four timestamps", test(client, "finds that our clock is")],
  "8-2": [
    "an answer that does not repeat our timestamp is discarded",
    test(client, "an origin that we did not send"),
  ],
  "8-3": ["an answer of an unset server is discarded", believed],
  "8-4": ["an answer without its own time is discarded", believed],
  "9.2-1": [
    "an answer has the question's transmit timestamp, version and poll",
    test(server, "answers have what was asked with"),
  ],
  "9.2-2": ["what is no client's question is not answered so", test(server, "what is %s")],
  "10-1": [
    "of several answers that of the least delay counts",
    test(client, "takes the answer that was under way the shortest"),
  ],
  "11-1": ["selection, clustering and discipline", notApplicable("no clock is set")],
  "14-1": [
    "a client's rules are those of SNTP (RFC 4330)",
    test(client, "tells nothing of our clock"),
  ],
  "7.5-1": ["a check by a key is verified", open("keys are not offered"), "MAY"],
};
