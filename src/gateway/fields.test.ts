import { expect, test } from "vitest";
import { requestFields, responseFields } from "./fields.ts";

const site = { root: "https://example.org/course/website/~/", origin: "http://10.0.0.1" };

test("requestFields() passes on what the browser wrote, and says where it came through", () => {
  const headers = [
    ["accept", "image/*"],
    ["range", "bytes=5-"],
  ] as const;
  expect(requestFields({ headers }, site, undefined)).toEqual([
    ["accept", "image/*"],
    ["range", "bytes=5-"],
    ["x-forwarded-host", "example.org"],
    ["x-forwarded-proto", "https"],
    ["x-forwarded-prefix", "/course/website/~"],
  ]);
});

test("requestFields() gives the server's own cookies, and none of the page's", () => {
  const fields = requestFields({ headers: [["Cookie", "secret=1"]] }, site, "session=2");
  expect(fields.filter(([name]) => name.toLowerCase() === "cookie")).toEqual([
    ["cookie", "session=2"],
  ]);
});

test.each([
  ["host", "example.org"],
  ["Connection", "close"],
  ["transfer-encoding", "chunked"],
  ["content-length", "7"],
  ["upgrade", "h2c"],
])("requestFields() leaves out %s", (name, value) => {
  const fields = requestFields({ headers: [[name, value]] }, site, undefined);
  expect(fields.map(([each]) => each.toLowerCase())).not.toContain(name.toLowerCase());
});

test("requestFields() names the server where the browser names the page", () => {
  const headers = [
    ["origin", "https://example.org"],
    ["referer", "https://example.org/course/website/~/notes?x=1"],
  ] as const;
  const fields = new Map(requestFields({ headers }, site, undefined));
  expect(fields.get("origin")).toBe("http://10.0.0.1");
  expect(fields.get("referer")).toBe("http://10.0.0.1/notes?x=1");
});

test("requestFields() tells the server nothing of the page around the site", () => {
  const headers = [["referer", "https://example.org/course/website/?token=7"]] as const;
  const fields = new Map(requestFields({ headers }, site, undefined));
  expect(fields.get("referer")).toBe("http://10.0.0.1/");
});

test("requestFields() does not take another site for the server's own", () => {
  const headers = [
    ["origin", "https://elsewhere.example"],
    ["referer", "https://elsewhere.example/"],
  ] as const;
  const fields = new Map(requestFields({ headers }, site, undefined));
  expect(fields.get("origin")).toBe("https://elsewhere.example");
  expect(fields.get("referer")).toBe("https://elsewhere.example/");
});

test.each([
  ["/about", "https://example.org/course/website/~/about"],
  ["next?x", "https://example.org/course/website/~/notes/next?x"],
  ["../", "https://example.org/course/website/~/"],
  ["http://10.0.0.1/a#b", "https://example.org/course/website/~/a#b"],
  ["//10.0.0.1/a", "https://example.org/course/website/~/a"],
  ["http://10.0.0.1:8080/a", "http://10.0.0.1:8080/a"],
  ["https://elsewhere.example/", "https://elsewhere.example/"],
  ["http://[", "http://["],
])("responseFields() makes Location %s %s", (location, expected) => {
  const [field] = responseFields([["location", location]], "/notes/7", site);
  expect(field).toEqual(["location", expected]);
});

test.each(["Set-Cookie", "clear-site-data", "service-worker-allowed", "connection", "alt-svc"])(
  "responseFields() leaves out %s",
  (name) => {
    expect(responseFields([[name, "x"]], "/", site)).toEqual([]);
  },
);

test.each([
  ["no-referrer", "same-origin"],
  ["no-referrer, origin", "same-origin, origin"],
  ["no-referrer-when-downgrade", "no-referrer-when-downgrade"],
])("responseFields() makes a Referrer-Policy of %s %s", (policy, expected) => {
  const [field] = responseFields([["referrer-policy", policy]], "/", site);
  expect(field).toEqual(["referrer-policy", expected]);
});
