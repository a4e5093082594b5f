import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { Simulation } from "../../simulated/index.ts";
import { acceptKey, areProtocols, hasElement, isKey, makeKey } from "./handshake.ts";
import { sha1 } from "./sha1.ts";

test("acceptKey() gives the answer of RFC 6455, 1.3", () => {
  expect(acceptKey("dGhlIHNhbXBsZSBub25jZQ==")).toBe("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
});

test("sha1() is SHA-1, whatever the length", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      expect(Buffer.from(sha1(bytes))).toEqual(createHash("sha1").update(bytes).digest());
    }),
  );
});

test("makeKey() gives another key each time, and isKey() knows them", () => {
  const random = new Simulation({ seed: 1, turn: async () => {} }).random("keys");
  const keys = Array.from({ length: 50 }, () => makeKey(random));
  expect(new Set(keys).size).toBe(50);
  expect(keys.every(isKey)).toBe(true);
  expect(keys.every((key) => Buffer.from(key, "base64").length === 16)).toBe(true);
});

test.each(["", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZR==", "aGVsbG8=", "a, b"])(
  "isKey() refuses %j",
  (key) => {
    expect(isKey(key)).toBe(false);
  },
);

test("hasElement() finds whole elements, in any case", () => {
  expect(hasElement("keep-alive, Upgrade", "upgrade")).toBe(true);
  expect(hasElement("upgraded,,up grade", "upgrade")).toBe(false);
  expect(hasElement(null, "upgrade")).toBe(false);
});

test("areProtocols() wants different tokens", () => {
  expect(areProtocols(["chat", "chat.v2"])).toBe(true);
  expect(areProtocols(["chat", "chat"])).toBe(false);
  expect(areProtocols(["chat room"])).toBe(false);
});
