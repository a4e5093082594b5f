/** RFC 9112, HTTP/1.1: what it requires of messages and of a server, by section. */

import { met, notApplicable, open, test, type Requirements } from "./requirement.ts";

const head = "src/net/http/head.test.ts";
const framing = "src/net/http/framing.test.ts";
const body = "src/net/http/body.test.ts";
const server = "src/net/http/server.test.ts";
const connection = "src/net/http/connection.test.ts";
const refused = test(head, "read() refuses a request with %s");
const smuggled = test(framing, "requestFraming() refuses %s");

export const rfc9112: Requirements = {
  "2.2-1": [
    "a message is read as bytes, of an encoding that contains ASCII",
    test(head, "a value above ASCII"),
  ],
  "2.2-2": ["CR alone is refused", refused],
  "2.2-3": ["an empty line before a request is ignored", met, "SHOULD"],
  "2.2-4": ["space between the first line and the first field is refused", refused],
  "2.2-5": ["what is no message is answered 400, and the connection closed", met, "SHOULD"],
  "2.2-6": [
    "CR alone is sent",
    test(head, "field() refuses %j with the value %j, and writes nothing"),
    "MUST NOT",
  ],
  "2.3-1": ["versions are told by case", refused],
  "2.3-2": ["a later minor version is read as this one", test(head, "a version that is later")],
  "2.3-3": ["another major version is answered 505", met, "SHOULD"],
  "3-1": ["a request line that is none is answered 400", met, "SHOULD"],
  "3-2": ["a target that is too long is answered 414", met],
  "3-3": ["request lines of 8,000 bytes are taken", met, "SHOULD"],
  "3.2-1": ["space in a target is refused", refused],
  "3.2-2": ["a request without Host, with two, or with a wrong one is answered 400", met],
  "3.2.2-1": ["a target may be a whole URL", met],
  "3.2.2-2": ["the host of such a target counts, and Host does not", met],
  "3.2.3-1": ["the authority alone is a target of CONNECT only", met],
  "3.2.4-1": ["an asterisk is a target of OPTIONS only", met],
  "3.3-1": ["scheme, host and target make the URL", test(server, "serve() makes of the target")],
  "4-1": ["a status line ends with a space, if there is no reason", met],
  "5-1": ["fields that are too large are answered 431 (RFC 6585, 5)", met],
  "5.1-1": ["space before the colon is answered 400", met],
  "5.1-2": ["space around a value is no part of it", test(head, "read() gives the parts of")],
  "5.2-1": ["a folded field is answered 400", met],
  "6.1-1": ["chunked coding is understood", test(body, "read() takes the coding off")],
  "6.1-2": ["a coding is applied in an answer without a body", met, "MUST NOT"],
  "6.1-3": ["a coding is applied in an answer to HTTP/1.0", met, "MUST NOT"],
  "6.1-4": ["an unknown coding is answered 501", met, "SHOULD"],
  "6.1-5": ["after a coding and a length, the connection is closed", met],
  "6.1-6": ["after a coding in HTTP/1.0, the connection is closed", met],
  "6.2-1": ["a length is sent beside a coding", met, "MUST NOT"],
  "6.3-1": [
    "answers to HEAD, 1xx, 204 and 304 end with their head",
    test(framing, "responseFraming()"),
  ],
  "6.3-2": ["a coding beside a length is an error", smuggled],
  "6.3-3": ["a coding of a request that does not end with chunked is answered 400", met],
  "6.3-4": ["a length that is none, or several, is answered 400", met],
  "6.3-5": [
    "a body that is cut off is not taken for whole",
    test(body, "read() says that a body was cut off"),
  ],
  "6.3-6": [
    "a request without a length or a coding has no body",
    test(framing, "requestFraming() of"),
  ],
  "7.1-1": [
    "sizes that are too large are found out",
    test(body, "read() refuses a chunked body with"),
  ],
  "7.1.1-1": ["unknown extensions are ignored", test(body, "read() takes the coding off")],
  "7.1.1-2": ["extensions are limited", test(body, "read() refuses a chunked body with"), "SHOULD"],
  "7.1.2-1": ["trailers become fields of the head", met, "MUST NOT"],
  "7.3-1": ["other codings", notApplicable("chunked is required, and they are not offered")],
  "8-1": ["an answer that fails is not ended", test(connection, "serve() cuts a response off")],
  "9.3-1": [
    "connections persist as version and `Connection` say",
    test(server, "serve() after a request of HTTP/%s"),
  ],
  "9.3-2": [
    "a body is read to its end, or the connection closed",
    test(server, "serve() drops a body that nobody read"),
  ],
  "9.3.2-1": [
    "answers go in the order of pipelined requests",
    test(server, "serve() answers pipelined requests in order"),
  ],
  "9.4-1": [
    "the number of connections is limited by who serves",
    test(connection, "serve() answers 503"),
    "MAY",
  ],
  "9.5-1": [
    "a connection without requests is closed in time",
    test(connection, "serve() closes a connection that stays idle"),
    "SHOULD",
  ],
  "9.6-1": ["after a request with close, the connection is closed", met],
  "9.6-2": ["requests behind one with close are answered", met, "MUST NOT"],
  "9.6-3": ["an answer with close is the last", met],
  "9.6-4": [
    "the connection is closed one way first, so that no reset overtakes the answer",
    met,
    "SHOULD",
  ],
  "9.7-1": ["TLS", notApplicable("not offered")],
  "9.8-1": ["closure of TLS", notApplicable("not offered")],
  "10-1": [
    "a message as data",
    open("the media types message/http and application/http are the handler's"),
    "MAY",
  ],
};
