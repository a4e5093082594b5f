import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf } from "../../../test/http-flows.ts";
import { HeadWriter } from "./head-writer.ts";
import { HeadReader, type RequestHead, type ResponseHead } from "./head.ts";

const limits = { lineBytes: 64, fieldBytes: 128, fieldCount: 5 };

function requestOf(text: string): RequestHead | string | undefined {
  const bytes = bytesOf(text);
  return HeadReader.ofRequests(limits).read(bytes, 0, bytes.length);
}

function responseOf(text: string): ResponseHead | string | undefined {
  const bytes = bytesOf(text);
  return HeadReader.ofResponses(limits).read(bytes, 0, bytes.length);
}

/** What one can see of a head. */
function seen(head: RequestHead | ResponseHead | string | undefined): unknown {
  return typeof head === "object" ? { ...head, fields: [...head.fields] } : head;
}

test("read() puts folded fields of a response together", () => {
  const folded = "X-A: b \t\r\n c\r\n\t d  \r\n   \r\nContent-Length:\r\n 2\r\n\r\n";
  const head = responseOf(`HTTP/1.1 200 OK\r\n${folded}`) as ResponseHead;
  expect([...head.fields]).toEqual([
    ["x-a", "b c d"],
    ["content-length", "2"],
  ]);
  expect(head.fields.get("x-a")).toBe("b c d");
  expect(responseOf("HTTP/1.1 200 OK\r\n A: b\r\n\r\n")).toBe("folded-field");
});

test("read() gives the parts of a request", () => {
  const head = requestOf(
    "GET /a?b HTTP/1.1\r\nHost: here\r\nX-y:\t z \t\r\nX-Y:w\r\nempty:\r\n\r\n",
  );
  expect(seen(head)).toEqual({
    method: "GET",
    target: "/a?b",
    minorVersion: 1,
    fields: [
      ["host", "here"],
      ["x-y", "z"],
      ["x-y", "w"],
      ["empty", ""],
    ],
  });
  const { fields } = head as RequestHead;
  expect([fields.get("x-y"), fields.get("empty"), fields.get("no")]).toEqual([
    "z, w",
    "",
    undefined,
  ]);
  expect([fields.countOf("x-y"), fields.countOf("no"), fields.count]).toEqual([2, 0, 4]);
});

test("read() gives the parts of a response, with a reason or without", () => {
  expect(seen(responseOf("HTTP/1.0 404 Not Found\r\nA: b\r\n\r\n"))).toEqual({
    status: 404,
    reason: "Not Found",
    minorVersion: 0,
    fields: [["a", "b"]],
  });
  expect(responseOf("HTTP/1.1 200 \r\n\r\n")).toMatchObject({ status: 200, reason: "" });
  expect(responseOf("HTTP/1.1 200\r\n\r\n")).toMatchObject({ status: 200, reason: "" });
});

test.each([
  ["bare LF ends the line", "GET / HTTP/1.1\nHost: a\r\n\r\n", "bare-line-end"],
  ["bare LF ends a field", "GET / HTTP/1.1\r\nHost: a\n\r\n", "bare-line-end"],
  ["bare LF ends the head", "GET / HTTP/1.1\r\nHost: a\r\n\n", "bare-line-end"],
  ["bare CR in the line", "GET /\rx HTTP/1.1\r\n\r\n", "bare-line-end"],
  ["bare CR in a value", "GET / HTTP/1.1\r\nA: b\rc\r\n\r\n", "bare-line-end"],
  ["bare CR in a name", "GET / HTTP/1.1\r\nA\rB: c\r\n\r\n", "bare-line-end"],
  ["CR twice", "GET / HTTP/1.1\r\r\n\r\n", "bare-line-end"],
  ["two spaces", "GET  / HTTP/1.1\r\n\r\n", "bad-request-line"],
  ["two spaces later", "GET /  HTTP/1.1\r\n\r\n", "bad-version"],
  ["space at the end", "GET / HTTP/1.1 \r\n\r\n", "bad-version"],
  ["space in the target", "GET /a b HTTP/1.1\r\n\r\n", "bad-version"],
  ["space at the start", " GET / HTTP/1.1\r\n\r\n", "bad-method"],
  ["tab for a space", "GET\t/ HTTP/1.1\r\n\r\n", "bad-method"],
  ["no version, as in HTTP/0.9", "GET /\r\n\r\n", "bad-request-line"],
  ["no target", "GET HTTP/1.1\r\n\r\n", "bad-request-line"],
  ["NUL in the target", "GET /\0 HTTP/1.1\r\n\r\n", "bad-target"],
  ["byte above ASCII in the target", "GET /\xe4 HTTP/1.1\r\n\r\n", "bad-target"],
  ["method that is no token", "G(T / HTTP/1.1\r\n\r\n", "bad-method"],
  ["version in lower case", "GET / http/1.1\r\n\r\n", "bad-version"],
  ["version of one digit", "GET / HTTP/1\r\n\r\n", "bad-version"],
  ["version of many digits", "GET / HTTP/1.10\r\n\r\n", "bad-version"],
  ["version that is to come", "GET / HTTP/2.0\r\n\r\n", "unsupported-version"],
  ["version that was", "GET / HTTP/0.9\r\n\r\n", "unsupported-version"],
  ["preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "unsupported-version"],
  ["space before the colon", "GET / HTTP/1.1\r\nHost : a\r\n\r\n", "bad-field-name"],
  ["tab before the colon", "GET / HTTP/1.1\r\nHost\t: a\r\n\r\n", "bad-field-name"],
  ["no colon", "GET / HTTP/1.1\r\nHost\r\n\r\n", "bad-field-name"],
  ["no name", "GET / HTTP/1.1\r\n: a\r\n\r\n", "bad-field-name"],
  ["name that is no token", "GET / HTTP/1.1\r\nA(: a\r\n\r\n", "bad-field-name"],
  ["name above ASCII", "GET / HTTP/1.1\r\n\xc3: a\r\n\r\n", "bad-field-name"],
  ["folded value", "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "folded-field"],
  ["space before the first name", "GET / HTTP/1.1\r\n A: b\r\n\r\n", "folded-field"],
  ["NUL in a value", "GET / HTTP/1.1\r\nA: \0\r\n\r\n", "bad-field-value"],
  ["control in a value", "GET / HTTP/1.1\r\nA: \x0b\r\n\r\n", "bad-field-value"],
  ["DEL in a value", "GET / HTTP/1.1\r\nA: \x7f\r\n\r\n", "bad-field-value"],
  ["two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\n\r\n", "bad-method"],
  ["bytes of TLS", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03\r\n\r\n", "bad-method"],
  ["a long line", `GET /${"a".repeat(51)} HTTP/1.1\r\n\r\n`, "line-too-long"],
  ["a line without an end", "G".repeat(66), "line-too-long"],
  ["long fields", `GET / HTTP/1.1\r\nA: ${"b".repeat(124)}\r\n\r\n`, "fields-too-large"],
  ["fields without an end", `GET / HTTP/1.1\r\n${"b".repeat(131)}`, "fields-too-large"],
  ["many fields", `GET / HTTP/1.1\r\n${"a:b\r\n".repeat(6)}\r\n`, "too-many-fields"],
])("read() refuses a request with %s", (_what, text, refusal) => {
  expect(requestOf(text)).toBe(refusal);
});

test.each([
  ["one empty line first", "\r\nGET / HTTP/1.1\r\n\r\n"],
  ["a version that is later", "GET / HTTP/1.9\r\n\r\n"],
  ["a value above ASCII", "GET / HTTP/1.1\r\nA: \xff\r\n\r\n"],
  ["as long a line as may be", `GET /${"a".repeat(50)} HTTP/1.1\r\n\r\n`],
  ["as long fields as may be", `GET / HTTP/1.1\r\nA: ${"b".repeat(123)}\r\n\r\n`],
  ["as many fields as may be", `GET / HTTP/1.1\r\n${"a:b\r\n".repeat(5)}\r\n`],
])("read() takes a request with %s", (_what, text) => {
  expect(requestOf(text)).toMatchObject({ method: "GET", minorVersion: 1 });
});

test.each([
  ["HTTP/1.1 20 OK\r\n\r\n", "bad-status-line"],
  ["HTTP/1.1 2000 OK\r\n\r\n", "bad-status-line"],
  ["HTTP/1.1 099 OK\r\n\r\n", "bad-status-line"],
  ["HTTP/1.1  200 OK\r\n\r\n", "bad-status-line"],
  ["HTTP/1.1 200 O\0K\r\n\r\n", "bad-status-line"],
  ["HTTP/1.1 200 O\rK\r\n\r\n", "bare-line-end"],
  ["ICY 200 OK\r\n\r\n", "bad-version"],
  ["HTTP/3.0 200 OK\r\n\r\n", "unsupported-version"],
])("read() refuses %j as a response", (text, refusal) => {
  expect(responseOf(text)).toBe(refusal);
});

const token = fc.stringMatching(/^[\w!#$%&'*+.^`|~-]{1,12}$/);
const value = fc.stringMatching(
  /^(?:[\x21-\x7e\x80-\xff](?:[\t -~\x80-\xff]*[\x21-\x7e\x80-\xff])?)?$/,
);
const fields = fc.array(fc.tuple(token, value), { maxLength: 8 });

/** Reads a head that arrives in pieces, each behind the ones before it in a buffer of its own. */
function readInPieces(bytes: Uint8Array, cuts: readonly number[]): unknown {
  const reader = HeadReader.ofRequests(limits);
  for (const end of [...cuts, bytes.length].sort((a, b) => a - b)) {
    const start = end % 7;
    const buffer = new Uint8Array(start + end + 3).fill(0x0a);
    buffer.set(bytes.subarray(0, end), start);
    const head = reader.read(buffer, start, start + end);
    if (head !== undefined) return seen(head);
  }
  return undefined;
}

test("read() gives what HeadWriter wrote, and the same for every way to cut it", () => {
  const target = fc.stringMatching(/^\/[\x21-\x7e]{0,20}$/);
  const cuts = fc.array(fc.nat(400), { maxLength: 6 });
  const property = fc.property(token, target, fields, cuts, (method, target, fields, cuts) => {
    const writer = new HeadWriter();
    writer.requestLine(method, target);
    for (const [name, value] of fields) writer.field(name, value);
    writer.endHead();
    const bytes = writer.take();
    const whole = readInPieces(bytes, []);
    if (typeof whole !== "string") {
      const lower = fields.map(([name, value]) => [name.toLowerCase(), value]);
      expect(whole).toEqual({ method, target, minorVersion: 1, fields: lower });
    }
    const inside = cuts.filter((cut) => cut < bytes.length);
    expect(readInPieces(bytes, inside)).toEqual(whole);
  });
  fc.assert(property, { numRuns: 60 });
});

test("read() gives the same for noise, however it is cut", () => {
  const piece = fc.constantFrom(
    "GET ",
    "/",
    " HTTP/1.1",
    "\r\n",
    "\n",
    "\r",
    "A:",
    " b",
    "\0",
    ":",
  );
  const cuts = fc.array(fc.nat(60), { maxLength: 4 });
  const property = fc.property(fc.array(piece, { maxLength: 30 }), cuts, (pieces, cuts) => {
    const bytes = bytesOf(pieces.join(""));
    const inside = cuts.filter((cut) => cut < bytes.length);
    expect(readInPieces(bytes, inside)).toEqual(readInPieces(bytes, []));
  });
  fc.assert(property, { numRuns: 150 });
});

test.each([
  ["A\r\nB", "c"],
  ["A", "b\r\nc: d"],
  ["A", "b\nc"],
  ["A", "b\0"],
  ["A", "\u0100"],
  ["A:", "b"],
  ["A ", "b"],
  ["", "b"],
])("field() refuses %j with the value %j, and writes nothing", (name, value) => {
  const writer = new HeadWriter();
  writer.text("x");
  expect(() => writer.field(name, value)).toThrow(TypeError);
  expect(writer.take()).toEqual(bytesOf("x"));
});

test("requestLine() and statusLine() refuse what is more than a line", () => {
  const writer = new HeadWriter();
  expect(() => writer.requestLine("GET /", "/")).toThrow(TypeError);
  expect(() => writer.requestLine("GET", "/ HTTP/1.1\r\nA: b")).toThrow(TypeError);
  expect(() => writer.requestLine("GET", "")).toThrow(TypeError);
  expect(() => writer.statusLine(200, "OK\r\nA: b")).toThrow(TypeError);
  expect(() => writer.statusLine(20, "OK")).toThrow(RangeError);
  expect(writer.byteCount).toBe(0);
});

test("HeadWriter keeps what was taken when it goes on, over many blocks", () => {
  const writer = new HeadWriter();
  const taken: Uint8Array[] = [];
  for (let round = 0; round < 300; round += 1) {
    writer.text(`${round}:`);
    writer.bytes(new Uint8Array(97).fill(round));
    taken.push(writer.take());
  }
  for (const [round, bytes] of taken.entries()) {
    expect(bytes.at(-1)).toBe(round & 0xff);
    expect(bytes.length).toBe(98 + String(round).length);
  }
});
