/** RFC 5681, TCP Congestion Control. */

import { scripts, test, type Requirements } from "./requirement.ts";

const reno = "src/net/tcp/new-reno.test.ts";

export const rfc5681: Requirements = {
  "3.1, initial window": [
    "is bounded (as RFC 6928 has widened it)",
    test(reno, "the window begins as RFC 6928 says"),
  ],
  "3.1, lost SYN": ["one segment after it", scripts("slow-start-after-lost-syn")],
  "3.1, slow start": [
    "grows by what was acknowledged, within a bound for each ACK",
    test(reno, "acknowledged() grows by what was acknowledged in slow start, 2 segments at most"),
  ],
  "3.1, avoidance": [
    "adds a segment for each round trip",
    test(reno, "acknowledged() adds a segment for each window, beyond the threshold"),
  ],
  "3.1, equation 4": [
    "the threshold follows from what is in flight",
    test(reno, "lost() halves what is in flight, not the window"),
  ],
  "3.1, timeout": [
    "leaves one segment, and the threshold falls once",
    test(reno, "timedOut() leaves one segment, and grows by one at most for each answer"),
  ],
  "3.2, receiver": ["answers what is out of order at once", scripts("data-out-of-order")],
  "3.2, step 1": ["the first two duplicates let new data go", scripts("limited-transmit")],
  "3.2, step 3": ["the third sends the missing segment again", scripts("fast-retransmit")],
  "4.1": [
    "after a pause the window is the initial one at most",
    test(reno, "idled() goes back to the initial window, and slow start back to three quarters"),
  ],
  "4.2, second": ["every second full segment is acknowledged", scripts("data-every-second-acked")],
  "4.2, delay": ["no ACK waits for 500 ms", scripts("data-delayed-ack")],
  "4.2, gap": ["what fills a gap is acknowledged at once", scripts("data-out-of-order")],
};
