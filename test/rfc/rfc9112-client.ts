/** RFC 9112, HTTP/1.1: what it requires of a client, by section. */

import { notApplicable, open, test, type Requirements } from "./requirement.ts";

const client = (title: string) => test("src/net/http/client.test.ts", title);
const pool = (title: string) => test("src/net/http/client-pool.test.ts", title);
const lies = client("refuses a response with %s, and drops the connection");

/** Their numbers follow those of a server. */
export const rfc9112Client: Requirements = {
  "2.2-c1": [
    "an empty line is sent before or behind a request",
    client("sends a request in one piece"),
    "MUST NOT",
  ],
  "3.2-c1": ["a request has Host, as the URL has it", client("connects to an address of IPv6")],
  "3.2.1-c1": ["an empty path is sent as a slash", client("sends a small body with its length")],
  "3.2.1-c2": ["a fragment is sent", client("sends a request in one piece"), "MUST NOT"],
  "3.2.2-c1": ["a proxy is sent whole URLs", notApplicable("there are no proxies")],
  "4-c1": ["the reason means nothing", client("sends a request in one piece"), "SHOULD"],
  "5.2-c1": [
    "a folded field of a response is unfolded",
    test("src/net/http/head.test.ts", "read() puts folded fields of a response together"),
  ],
  "6.1-c1": [
    "a coding is sent to who is not known to understand HTTP/1.1",
    open("a stream is sent in chunks to anybody"),
    "MUST NOT",
  ],
  "6.1-c2": ["a response of HTTP/1.0 with a coding is faulty", lies],
  "6.2-c1": ["a length is sent beside a coding", client("sends a stream in chunks"), "MUST NOT"],
  "6.3-c1": ["a response whose length is none, or several, is dropped", lies],
  "6.3-c2": [
    "bytes behind the last response are taken for another one",
    pool("are not used again, when %s"),
    "MUST NOT",
  ],
  "6.3-c3": [
    "a length is sent, if it is known",
    client("sends a small body with its length"),
    "SHOULD",
  ],
  "6.3-c4": ["a body may end with the connection", pool("end with the body")],
  "7.1-c1": ["chunks are read", client("gives a body as it arrives")],
  "8-c1": ["a response that was cut off is told apart", client("says that a body was cut off")],
  "9.3-c1": [
    "all of a body is read before the connection is used again",
    pool("are dropped with what is left of a body"),
  ],
  "9.3.1-c1": ["requests that cannot be repeated are", pool("does not let %s be"), "SHOULD NOT"],
  "9.3.2-c1": ["pipelining", notApplicable("one request at a time is sent"), "MAY"],
  "9.4-c1": ["connections to a server are limited", pool("stay within their bound"), "SHOULD"],
  "9.5-c1": ["a connection that rests is closed in time", pool("are closed when they rest"), "MAY"],
  "9.5-c2": [
    "a body is sent on, when the server has refused it",
    client("stops sending a body that the server refuses"),
    "SHOULD NOT",
  ],
  "9.6-c1": [
    "after a response with close, no request is sent",
    pool("are not used again, when %s"),
  ],
};
