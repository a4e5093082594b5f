/** RFC 9110, HTTP semantics: what it requires of a client, by section. */

import { notApplicable, open, test, type Requirements } from "./requirement.ts";

const client = (title: string) => test("src/net/http/client.test.ts", title);
const pool = (title: string) => test("src/net/http/client-pool.test.ts", title);
const redirect = (title: string) => test("src/net/http/client-redirect.test.ts", title);
const decompress = (title: string) => test("src/net/http/client-decompress.test.ts", title);
const caller = notApplicable("it is the caller's to say");

/** Their numbers follow those of a server. */
export const rfc9110Client: Requirements = {
  "7.2-c1": ["a request has Host", client("sends a request in one piece")],
  "7.2-c2": ["Host is the first field", client("sends a request in one piece"), "SHOULD"],
  "7.6.1-c1": ["`Connection` names fields for everybody", caller, "MUST NOT"],
  "7.8-c1": ["Upgrade is a connection option too", notApplicable("it is not asked for by `fetch`")],
  "8.4.1.3-c1": ["x-gzip is gzip", decompress("fetch() takes %s off"), "SHOULD"],
  "8.6-c1": [
    "the length of a body is sent",
    client("sends a small body with its length"),
    "SHOULD",
  ],
  "8.6-c2": [
    "a length of 0 is sent, where the method has a meaning for a body",
    client("says that there is no body"),
    "SHOULD",
  ],
  "9.2.2-c1": [
    "a request that is not idempotent is sent again",
    pool("does not let %s be sent again"),
    "SHOULD NOT",
  ],
  "9.2.2-c2": ["a retry that failed is tried again", pool("is tried once"), "SHOULD NOT"],
  "9.3.1-c1": ["GET has a body", notApplicable("`Request` refuses that"), "SHOULD NOT"],
  "9.3.6-c1": ["CONNECT names a port", notApplicable("`Request` refuses the method")],
  "9.3.8-c1": ["TRACE has a body", notApplicable("`Request` refuses the method"), "MUST NOT"],
  "10.1.1-c1": [
    "100-continue is sent without a body",
    client("sends a request in one piece"),
    "MUST NOT",
  ],
  "10.1.1-c2": ["who waits for 100 sends 100-continue", pool("lets the body go")],
  "10.1.1-c3": ["the wait for 100 has no end", pool("is not waited for without end"), "SHOULD NOT"],
  "10.1.1-c4": [
    "after 417 the request is sent again without 100-continue",
    open("the caller gets the answer"),
    "SHOULD",
  ],
  "10.1.3-c1": ["Referer has a fragment", caller, "MUST NOT"],
  "10.1.4-c1": ["TE is a connection option too", notApplicable("none is sent")],
  "10.1.5-c1": ["User-Agent is sent", client("sends a request in one piece"), "SHOULD"],
  "10.2.2-c1": [
    "the fragment stays, if Location has none",
    notApplicable("the address of a `Response` has no fragment"),
  ],
  "15-c1": ["the class of an unknown status is understood", client("gives a status that")],
  "15.2-c1": ["1xx before the response are read", client("passes over answers that are not final")],
  "15.4-c1": ["redirects in a circle are found out", redirect("twenty are followed"), "SHOULD"],
  "15.4-c2": [
    "secrets of one origin go to another",
    redirect("secrets do not go to another origin"),
    "SHOULD NOT",
  ],
  "15.4.8-c1": ["307 and 308 change the method", redirect("%d lets %s become %s"), "MUST NOT"],
  "17.1-c1": ["authority is established", notApplicable("there is no TLS: `http:` trusts names")],
};
