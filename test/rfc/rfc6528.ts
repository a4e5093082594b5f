/** RFC 6528, Defending against Sequence Number Attacks. */

import { test, type Requirements } from "./requirement.ts";

const isn = "src/net/tcp/initial-sequence-number.test.ts";

export const rfc6528: Requirements = {
  "3, clock": ["the number grows with a clock", test(isn, "next() counts 250,000 a second")],
  "3, secret": [
    "from where it begins depends on both ends and a secret",
    test(isn, "next() differs with each address and port, and with the secret"),
  ],
};
