import { expect, test } from "vitest";
import { bytesOf } from "../../../test/http-flows.ts";
import { requestFraming, responseFraming, type Framing } from "./framing.ts";
import { HeadReader } from "./head.ts";

const limits = { lineBytes: 100, fieldBytes: 1000, fieldCount: 10 };

function ofRequest(fields: string, version = "1.1"): Framing | string {
  const bytes = bytesOf(`POST / HTTP/${version}\r\n${fields.replaceAll("|", "\r\n")}\r\n\r\n`);
  const head = HeadReader.ofRequests(limits).read(bytes, 0, bytes.length);
  return typeof head === "object" ? requestFraming(head) : `${head}`;
}

function ofResponse(status: number, fields: string, method = "GET"): Framing | string {
  const lines = fields === "" ? "" : `${fields.replaceAll("|", "\r\n")}\r\n`;
  const bytes = bytesOf(`HTTP/1.1 ${status} x\r\n${lines}\r\n`);
  const head = HeadReader.ofResponses(limits).read(bytes, 0, bytes.length);
  return typeof head === "object" ? responseFraming(head, method) : `${head}`;
}

test.each([
  ["A: b", { kind: "none" }],
  ["Content-Length: 0", { kind: "length", byteCount: 0 }],
  ["content-LENGTH:42", { kind: "length", byteCount: 42 }],
  ["Content-Length: 007", { kind: "length", byteCount: 7 }],
  ["Transfer-Encoding: chunked", { kind: "chunked" }],
  ["Transfer-Encoding: ChunKed ", { kind: "chunked" }],
])("requestFraming() of %j", (fields, framing) => {
  expect(ofRequest(fields)).toEqual(framing);
});

// Each is a way in which somebody smuggled a request past a proxy.
test.each([
  ["length and coding", "Content-Length: 5|Transfer-Encoding: chunked", "two-lengths"],
  ["coding and length", "Transfer-Encoding: chunked|Content-Length: 5", "two-lengths"],
  ["length and a coding that is none", "Content-Length: 5|Transfer-Encoding: x", "two-lengths"],
  ["two lengths", "Content-Length: 5|Content-Length: 6", "two-lengths"],
  ["the same length twice", "Content-Length: 5|Content-Length: 5", "two-lengths"],
  ["a list of lengths", "Content-Length: 5, 5", "two-lengths"],
  ["a list of different lengths", "Content-Length: 5, 6", "two-lengths"],
  ["a length with a sign", "Content-Length: +5", "bad-content-length"],
  ["a negative length", "Content-Length: -5", "bad-content-length"],
  ["a length in hexadecimal", "Content-Length: 0x5", "bad-content-length"],
  ["a length with an exponent", "Content-Length: 5e0", "bad-content-length"],
  ["a length with a fraction", "Content-Length: 5.0", "bad-content-length"],
  ["a length with a space", "Content-Length: 5 0", "bad-content-length"],
  ["a length with an underscore", "Content-Length: 5_0", "bad-content-length"],
  ["a length without digits", "Content-Length:", "bad-content-length"],
  ["a length in other digits", "Content-Length: \xb2", "bad-content-length"],
  ["a length that wraps round", "Content-Length: 18446744073709551621", "body-too-large"],
  ["an inexact length", "Content-Length: 9007199254740993", "body-too-large"],
  ["space before the colon", "Transfer-Encoding : chunked", "bad-field-name"],
  ["a folded coding", "Transfer-Encoding:| chunked", "folded-field"],
  ["a coding after NUL", "Transfer-Encoding: \0chunked", "bad-field-value"],
  ["a coding after a vertical tab", "Transfer-Encoding: \x0bchunked", "bad-field-value"],
  ["a coding after a bare CR", "Transfer-Encoding: \rchunked", "bare-line-end"],
  ["a coding after a bare LF", "X: y\nTransfer-Encoding: chunked", "bare-line-end"],
  ["a coding after a no-break space", "Transfer-Encoding: \xa0chunked", "bad-transfer-encoding"],
  ["a coding in quotes", 'Transfer-Encoding: "chunked"', "bad-transfer-encoding"],
  ["a coding with a parameter", "Transfer-Encoding: chunked;a=b", "bad-transfer-encoding"],
  ["a coding almost so called", "Transfer-Encoding: xchunked", "bad-transfer-encoding"],
  ["a coding that changes nothing", "Transfer-Encoding: identity", "bad-transfer-encoding"],
  ["no coding", "Transfer-Encoding:", "bad-transfer-encoding"],
  ["chunked twice", "Transfer-Encoding: chunked, chunked", "bad-transfer-encoding"],
  [
    "chunked on two lines",
    "Transfer-Encoding: chunked|Transfer-Encoding: chunked",
    "bad-transfer-encoding",
  ],
  ["chunked, but not last", "Transfer-Encoding: chunked, gzip", "bad-transfer-encoding"],
  [
    "chunked, then identity",
    "Transfer-Encoding: chunked|Transfer-Encoding: identity",
    "bad-transfer-encoding",
  ],
  ["an empty element", "Transfer-Encoding: ,chunked", "bad-transfer-encoding"],
  ["a coding before it", "Transfer-Encoding: gzip, chunked", "unknown-transfer-coding"],
  ["identity before it", "Transfer-Encoding: identity, chunked", "unknown-transfer-coding"],
])("requestFraming() refuses %s", (_what, fields, refusal) => {
  expect(ofRequest(fields)).toBe(refusal);
});

test("requestFraming() refuses codings in HTTP/1.0", () => {
  expect(ofRequest("Transfer-Encoding: chunked", "1.0")).toBe("bad-transfer-encoding");
});

test.each([
  [200, "", "GET", { kind: "until-close" }],
  [200, "Content-Length: 3", "GET", { kind: "length", byteCount: 3 }],
  [200, "Transfer-Encoding: chunked", "GET", { kind: "chunked" }],
  [200, "Content-Length: 3", "HEAD", { kind: "none" }],
  [100, "Content-Length: 3", "GET", { kind: "none" }],
  [204, "Content-Length: 3", "GET", { kind: "none" }],
  [304, "Transfer-Encoding: chunked", "GET", { kind: "none" }],
  [200, "Content-Length: 3", "CONNECT", { kind: "tunnel" }],
  [407, "Content-Length: 3", "CONNECT", { kind: "length", byteCount: 3 }],
  [200, "Content-Length: 3|Transfer-Encoding: chunked", "GET", "two-lengths"],
  [200, "Content-Length: 3|Content-Length: 4", "GET", "two-lengths"],
  [200, "Transfer-Encoding: gzip, chunked", "GET", "unknown-transfer-coding"],
])("responseFraming() of %i with %j to %s", (status, fields, method, framing) => {
  expect(ofResponse(status, fields, method)).toEqual(framing);
});
