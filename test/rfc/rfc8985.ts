/** RFC 8985, RACK-TLP, which stands for RFC 6675 here. */

import { scripts, type Requirements } from "./requirement.ts";

export const rfc8985: Requirements = {
  "6.2, step 5": ["what was sent before something delivered is lost", scripts("sack-recovery")],
  "6.2, step 4": [
    "without reordering, three selective ACKs wait for nothing",
    scripts("sack-recovery", "sack-two-holes"),
  ],
  "6.3": ["after a timeout one segment goes first", scripts("rto-one-segment")],
  "7.2": ["the tail is probed before the timeout", scripts("tail-loss-probe")],
  "7.3": ["there is one probe at most until it is answered", scripts("rto")],
};
