/** RFC 7323, TCP Extensions for High Performance. */

import { open, scripts, test, type Requirements } from "./requirement.ts";

export const rfc7323: Requirements = {
  "2.2": [
    "a scale is in SYNs alone, and does not scale their window",
    scripts("options-window-scale"),
  ],
  "2.3": ["a shift above 14 counts as 14", scripts("options-window-scale-large")],
  "2.4": ["a window that shrinks does no harm", scripts("window-shrunk")],
  "3.2, everywhere": [
    "once agreed on, timestamps are in every segment",
    scripts("options-timestamps"),
  ],
  "3.2, offered": ["none are sent to who offered none", scripts("options-sack")],
  "3.2, missing": [
    "a segment without the timestamp that was agreed on is dropped (SHOULD)",
    open("it is taken, as on Linux: some middle boxes remove them; it never aborts"),
  ],
  "4.1": ["only ACKs of new data give samples", scripts("karn")],
  "4.2": [
    "many samples in a round trip do not make the estimate forget",
    test("src/net/tcp/round-trip.test.ts", "sample() weighs less where a round trip gives many"),
  ],
  "4.3": [
    "what is echoed is of the segment at the left edge",
    scripts("options-timestamps", "options-timestamps-out-of-order", "timestamp-bad-ack"),
  ],
  "5.3": ["an older timestamp is dropped and acknowledged", scripts("paws")],
  "5.3, RST": ["but a RST is taken without", scripts("paws-rst")],
  "5.5": ["after 24 days of silence any timestamp is taken", scripts("paws-idle")],
};
