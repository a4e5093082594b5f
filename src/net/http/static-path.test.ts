import { expect, test } from "vitest";
import { staticPathOf } from "./static-path.ts";

const origin = "http://host:8080";

test.each<[string, string, readonly string[], boolean]>([
  ["/", "", [], true],
  ["/a/b.txt", "", ["a", "b.txt"], false],
  ["/a/b/?x=/..#y", "", ["a", "b"], true],
  ["/%C3%A9%20%25", "", ["é %"], false],
  ["/files/a", "/files", ["a"], false],
  ["/files/", "/files", [], true],
  ["/files", "/files", [], false],
])("staticPathOf(%j, %j) is %j", (path, prefix, key, isDirectory) => {
  expect(staticPathOf(`${origin}${path}`, prefix)).toMatchObject({ key, isDirectory });
  expect(staticPathOf(path, prefix)).toMatchObject({ key, isDirectory });
});

test.each([
  "/a%2Fb",
  "/..",
  "/a/../b",
  "/%2e%2e/a",
  "/./a",
  "/a//b",
  "//",
  "//a",
  "/a%00b",
  "/files",
])("staticPathOf(%j) names nothing", (path) =>
  expect(staticPathOf(`${origin}${path}`, path === "/files" ? "/f" : "")).toBeUndefined(),
);

test.each(["/%", "/%zz", "/a/%C3", "/%ff"])("staticPathOf(%j) is malformed", (path) => {
  expect(staticPathOf(`${origin}${path}`, "")).toBe("malformed");
});

test("staticPathOf() keeps the last segment and the query as they were sent", () => {
  expect(staticPathOf(`${origin}/a/b%3Ac?d=e`, "")).toMatchObject({
    lastSegment: "b%3Ac",
    query: "?d=e",
  });
});
