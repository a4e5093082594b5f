/** RFC 5961, Improving TCP's Robustness to Blind In-Window Attacks. */

import { met, scripts, type Requirements } from "./requirement.ts";

export const rfc5961: Requirements = {
  "3.2, exact": ["a RST with the next number resets", scripts("rst-exact")],
  "3.2, in window": [
    "any other in the window is challenged",
    scripts("rst-in-window", "time-wait-rst"),
  ],
  "3.2, outside": ["one outside is dropped", scripts("rst-outside-window")],
  "4.2": ["a SYN is challenged, whatever its number", scripts("syn-in-established")],
  "5.2": ["an ACK that cannot be is challenged, its data dropped", scripts("ack-of-nothing")],
  "7": ["challenges are limited", met],
};
