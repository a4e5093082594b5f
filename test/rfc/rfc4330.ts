/** RFC 4330, Simple Network Time Protocol version 4: what a client must do to be no burden. */

import { open, test, type Requirements } from "./requirement.ts";

const client = "src/net/ntp/client.test.ts";

export const rfc4330: Requirements = {
  "5-1": [
    "an answer comes from the address and the port that was asked",
    test(client, "an answer from another address or port"),
    "SHOULD",
  ],
  "5-2": [
    "it repeats the transmit timestamp that was sent",
    test(client, "an origin that we did not send"),
    "SHOULD",
  ],
  "5-3": ["its mode is that of a server", test(client, "a message that is no answer"), "SHOULD"],
  "5-4": ["its leap indicator is not 3", test(client, "a server that %s"), "SHOULD"],
  "5-5": ["its stratum is 1 to 15", test(client, "a server that %s"), "SHOULD"],
  "5-6": ["its transmit timestamp is not 0", test(client, "a server that %s"), "SHOULD"],
  "5-7": ["its root delay and dispersion are small", test(client, "a server that %s"), "SHOULD"],
  "8-1": ["a kiss of death ends asking", test(client, "ends asking, for longer each time")],
  "10-1": [
    "questions are at least 15 s apart",
    open("a few are asked in a row, as iburst does, two seconds apart; the user says how often"),
    "MUST NOT",
  ],
  "10-2": [
    "who gets no answer asks less and less often",
    open("each query asks as often as its caller says"),
    "SHOULD",
  ],
};
