import { expect, test } from "vitest";
import { CookieJar } from "./cookie-jar.ts";

function jarAt(nowMs = 1_000_000): { jar: CookieJar; pass: (ms: number) => void } {
  let now = nowMs;
  return { jar: new CookieJar(() => now), pass: (ms) => void (now += ms) };
}

test("fieldFor() gives what set() took, without its attributes", () => {
  const { jar } = jarAt();
  jar.set("session=abc=1; HttpOnly; SameSite=Lax; Path=/", "/login");
  jar.set("theme=dark", "/");
  expect(jar.fieldFor("/anything?x")).toBe("session=abc=1; theme=dark");
});

test("set() replaces a cookie of the same name and path", () => {
  const { jar } = jarAt();
  jar.set("a=1; Path=/", "/");
  jar.set("a=2; Path=/", "/x/y");
  expect(jar.fieldFor("/")).toBe("a=2");
});

test("fieldFor() gives a cookie only at its path and below, the longest path first", () => {
  const { jar } = jarAt();
  jar.set("all=1; Path=/", "/");
  jar.set("deep=1", "/notes/list");
  expect(jar.fieldFor("/")).toBe("all=1");
  expect(jar.fieldFor("/notesbook")).toBe("all=1");
  expect(jar.fieldFor("/notes")).toBe("deep=1; all=1");
  expect(jar.fieldFor("/notes/7?q=/")).toBe("deep=1; all=1");
});

test("fieldFor() leaves out what has expired, and Max-Age counts before Expires", () => {
  const { jar, pass } = jarAt(Date.parse("2026-01-01T00:00:00Z"));
  jar.set("short=1; Max-Age=10; Expires=Thu, 01 Jan 2099 00:00:00 GMT", "/");
  jar.set("long=1; Expires=Thu, 01 Jan 2099 00:00:00 GMT", "/");
  expect(jar.fieldFor("/")).toBe("short=1; long=1");
  pass(10_000);
  expect(jar.fieldFor("/")).toBe("long=1");
});

test.each(["a=; Max-Age=0", "a=x; Max-Age=-1", "a=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT"])(
  "set() removes a cookie by %s",
  (field) => {
    const { jar } = jarAt();
    jar.set("a=1", "/");
    jar.set(field, "/");
    expect(jar.fieldFor("/")).toBeUndefined();
  },
);

test.each(["", "no pair", "=nameless", `a=${"x".repeat(5000)}`])("set() leaves out %j", (field) => {
  const { jar } = jarAt();
  jar.set(field, "/");
  expect(jar.fieldFor("/")).toBeUndefined();
});

test("set() forgets the oldest of more cookies than a site may have", () => {
  const { jar } = jarAt();
  for (let index = 0; index < 1_000; index += 1) jar.set(`c${index}=1`, "/");
  const names = jar.fieldFor("/")?.split("; ") ?? [];
  expect(names).toHaveLength(180);
  expect(names.at(-1)).toBe("c999=1");
});
