/** RFC 6298, Computing TCP's Retransmission Timer. */

import { open, scripts, test, type Requirements } from "./requirement.ts";

const estimate = "src/net/tcp/round-trip.test.ts";

export const rfc6298: Requirements = {
  "2.1": ["the timeout begins with 1 s", scripts("handshake-syn-lost", "handshake-syn-ack-lost")],
  "2.2": ["the first sample", test(estimate, "sample() starts with R, R/2 and R + 4 × R/2")],
  "2.3": ["later samples", test(estimate, "sample() goes on with an eighth and a quarter")],
  "2.4": [
    "the timeout is 1 s at least (SHOULD)",
    open("it is 200 ms above the round trip at least, as in most stacks; see round-trip.ts"),
  ],
  "2.5": ["it may be bounded, at 60 s or more", test(estimate, "backOff() doubles up to 60 s")],
  "3": ["no sample of what was sent twice (Karn)", scripts("karn")],
  "4": ["the clock is finer than 100 ms", test(estimate, "sample() starts with R, R/2")],
  "5, never early": ["nothing is sent again before the timeout", scripts("rto", "karn")],
  "5.4": ["the earliest segment is sent again", scripts("rto-one-segment")],
  "5.5": ["the timeout doubles", scripts("rto", "handshake-syn-lost")],
  "5.7": ["it is 3 s after a lost SYN without a sample", scripts("rto-after-lost-syn")],
};
