import fc from "fast-check";
import { expect, test } from "vitest";
import {
  decodeTexts,
  encodeTexts,
  hostName,
  instanceName,
  nameOfLink,
  nextHost,
  nextTitle,
  titleOf,
  typeName,
} from "./service.ts";

test("decodeTexts() gives what encodeTexts() wrote", () => {
  const key = fc.stringMatching(/^[ -<>-~]{1,9}$/).filter((text) => text !== "__proto__");
  const value = fc.oneof(fc.constant(true as const), fc.string({ maxLength: 50 }));
  fc.assert(
    fc.property(fc.dictionary(key, value), (texts) => {
      expect({ ...decodeTexts(encodeTexts(texts)) }).toEqual({ ...texts });
    }),
  );
});

test("decodeTexts() takes the first of a key, and passes over what has none", () => {
  const texts = ["a=1", "a=2", "=b", "", "c", "d="];
  const data = texts.map((text) => `${String.fromCharCode(text.length)}${text}`).join("");
  expect(decodeTexts(new TextEncoder().encode(data))).toEqual({ a: "1", c: true, d: "" });
  expect(decodeTexts(Uint8Array.of(9, 0x61))).toEqual({ a: true });
});

test("names have any characters, and their titles are as they were", () => {
  const name = instanceName("My Web. (ü)", "_http._tcp");
  expect(name).toBe("My\\032Web\\046\\032\\040\\195\\188\\041._http._tcp.local");
  expect(titleOf(name)).toBe("My Web. (ü)");
  expect(typeName("_a._sub._http._tcp")).toBe("_a._sub._http._tcp.local");
  expect(hostName("Host-1")).toBe("Host-1.local");
  expect(nameOfLink("Host-1.LOCAL.")).toBe("Host-1.LOCAL");
});

test.each(["http._tcp", "_http", "_http._sctp", "_http._tcp.local", ""])(
  "%j is no type",
  (type) => {
    expect(() => typeName(type)).toThrow(TypeError);
  },
);

test.each(["", "a.b", "-a", "a-", "ü", "x".repeat(64)])("%j is no host's name", (label) => {
  expect(() => hostName(label)).toThrow(TypeError);
});

test.each(["", "host", "host.example", "..local", "local"])("%j is no name of the link", (name) => {
  expect(() => nameOfLink(name)).toThrow(TypeError);
});

test("names that are taken count up, and stay short enough", () => {
  expect(["Web", "Web (2)", "Web (9)", "x".repeat(63)].map(nextTitle)).toEqual([
    "Web (2)",
    "Web (3)",
    "Web (10)",
    `${"x".repeat(59)} (2)`,
  ]);
  expect(new TextEncoder().encode(nextTitle("ü".repeat(31))).length).toBeLessThanOrEqual(63);
  expect(["host", "host-2", "host-a", "x".repeat(63)].map(nextHost)).toEqual([
    "host-2",
    "host-3",
    "host-a-2",
    `${"x".repeat(61)}-2`,
  ]);
});
