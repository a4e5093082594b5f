/** RFC 9110, HTTP semantics: what it requires of a server, whatever its handler is, by section. */

import { met, notApplicable, test, type Requirements } from "./requirement.ts";

const head = "src/net/http/head.test.ts";
const realm = "src/net/http/realm.test.ts";
const server = "src/net/http/server.test.ts";
const connection = "src/net/http/connection.test.ts";
const handler = notApplicable("it is the handler's to say");

export const rfc9110: Requirements = {
  "2.5-1": ["the version of an answer is the server's own", met],
  "5.1-1": ["names of fields are compared in any case", test(head, "read() gives the parts of")],
  "5.3-1": [
    "fields of one name become one, in their order",
    test(head, "read() gives the parts of"),
  ],
  "5.3-2": [
    "Set-Cookie stays in lines of its own",
    test(realm, "a Response of %s is what"),
    "SHOULD",
  ],
  "5.5-1": [
    "CR, LF and NUL in a value are refused",
    test(head, "read() refuses a request with %s"),
  ],
  "5.5-2": ["control bytes are sent in a value", test(head, "field() refuses %j"), "MUST NOT"],
  "6.4.1-1": ["a length is sent in 1xx and 204", met, "MUST NOT"],
  "6.5.1-1": [
    "trailers are sent in a way that others must know",
    notApplicable("none are sent"),
    "MUST NOT",
  ],
  "6.6.1-1": ["an answer has the Date", met],
  "6.6.1-2": ["a Date that a handler gave stays", met, "MAY"],
  "7.2-1": ["a request without Host is refused", test(server, "serve() refuses %s with %i")],
  "7.6.1-1": ["`Connection` names what is for this connection alone", met],
  "7.8-1": [
    "a protocol is switched to that the client did not ask for",
    test(connection, "upgrade() refuses requests that do not ask"),
    "MUST NOT",
  ],
  "7.8-2": [
    "an answer of 101 names the protocol",
    test(connection, "upgrade() gives the connection away"),
  ],
  "7.8-3": ["Upgrade in HTTP/1.0 is ignored", met],
  "8.6-1": ["the length is that of the body", test(server, "serve() counts the bytes of a body")],
  "8.6-2": ["what HEAD is answered has the length of what GET would be", met],
  "9.1-1": ["GET and HEAD are understood", met],
  "9.3.2-1": ["a body is sent to HEAD", met, "MUST NOT"],
  "9.3.6-1": ["CONNECT that is not understood is refused", met, "SHOULD"],
  "10.1.1-1": ["100-continue in HTTP/1.0 is ignored", met],
  "10.1.1-2": [
    "100 is sent before the body is waited for",
    test(server, "serve() says 100 when the body is first read"),
  ],
  "10.1.1-3": [
    "100 is left out if the body arrives all the same",
    test(server, "serve() says 100 when the body is first read"),
    "MAY",
  ],
  "10.1.1-4": [
    "instead of 100, an answer says whether the body is read",
    test(server, "serve() closes the connection when it did not ask"),
    "SHOULD",
  ],
  "10.1.1-5": ["an unknown expectation is answered 417", met, "MAY"],
  "10.1.1-6": ["100-continue without a body is ignored", met],
  "10.2.1-1": ["405 has Allow", handler],
  "13.1-1": ["conditions", handler],
  "14.2-1": ["ranges", handler],
  "15.2-1": ["1xx is sent to HTTP/1.0", met, "MUST NOT"],
  "15.3.6-1": ["205 has no body", met],
  "15.6.1-1": [
    "a failure of the server's own is answered 500",
    test(connection, "serve() answers 500 when the handler fails"),
    "SHOULD",
  ],
  "17.5-1": [
    "names, values and numbers that are too large do no harm",
    test(server, "serve() refuses %s with %i"),
  ],
};
