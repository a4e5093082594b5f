/** RFC 9110, HTTP semantics: what it requires of an intermediary, here a gateway, by section. */

import { notApplicable, open, test, type Requirements } from "./requirement.ts";

const proxy = (title: string) => test("src/net/proxy/http-proxy.test.ts", `handler() ${title}`);
const fields = (title: string) => test("src/net/proxy/proxy-fields.test.ts", `handler() ${title}`);
const upgrade = (title: string) => test("src/net/proxy/http-upgrade.test.ts", `handler() ${title}`);
const carries = fields("carries a request on");
const answers = proxy("gives the answer as it is");

/** Their numbers follow those of a server and of a client. */
export const rfc9110Proxy: Requirements = {
  "5.1-p1": ["fields that are not known are passed on", carries],
  "5.3-p1": ["lines of one name change their order", answers, "MUST NOT"],
  "6.5.1-p1": [
    "trailers are passed on, or dropped",
    notApplicable("all are dropped, which it may do"),
    "MAY",
  ],
  "7.6-p1": ["messages in a circle are found out", proxy("refuses a request that goes round")],
  "7.6-p2": [
    "path and query of a request change",
    open("segments of dots are taken out of it, as URLs have none"),
    "MUST NOT",
  ],
  "7.6.1-p1": ["fields that `Connection` names are taken out", carries],
  "7.6.1-p2": ["`Connection` is taken out, or replaced by one's own", carries],
  "7.6.1-p3": ["fields that are of a connection are taken out, named or not", carries, "SHOULD"],
  "7.6.1-p4": ["the same holds for answers", answers],
  "7.6.2-p1": [
    "OPTIONS and TRACE with Max-Forwards of 0 are answered",
    proxy("refuses a request that goes round"),
  ],
  "7.6.2-p2": ["Max-Forwards gets less by one", proxy("refuses a request that goes round")],
  "7.6.3-p1": [
    "Via is added to requests, with the version that came",
    fields("names the server in"),
  ],
  "7.6.3-p2": ["entries of others in Via are changed", fields("writes Forwarded"), "MUST NOT"],
  "7.7-p1": ["content is transformed", answers, "MUST NOT"],
  "7.8-p1": ["Upgrade is passed on by who does not carry it", carries, "MUST NOT"],
  "7.8-p2": ["a switch is passed on, and what follows it", upgrade("carries the connection on")],
  "9.2.2-p1": [
    "a request that is not idempotent is sent again",
    proxy("asks another when one goes without"),
    "MUST NOT",
  ],
  "9.3.2-p1": ["an answer to HEAD is passed on without a body", proxy("gives no body to %s")],
  "10.1.1-p1": ["100-continue is passed on", fields("lets the server decide")],
  "10.1.1-p2": ["a refusal is passed on before the body", fields("gives a refusal to who waits")],
  "15.2-p1": [
    "answers that are not final are passed on",
    open("100 is, the others are passed over"),
  ],
  "15.6.3-p1": ["an answer that makes no sense is 502", proxy("answers 502 for an answer")],
  "15.6.5-p1": ["no answer in time is 504", proxy("says which server fails")],
};
