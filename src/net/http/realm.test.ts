import { expect, test } from "vitest";
import { httpWorld } from "../../../test/http-world.ts";
import { partsOf, prepareRealm } from "./realm.ts";

const NativeResponse = globalThis.Response;
const NativeRequest = globalThis.Request;
prepareRealm();

/** What a response is to whoever reads it. */
async function seen(response: Response): Promise<unknown> {
  const { status, statusText, ok, type, url, redirected, bodyUsed } = response;
  const before = { status, statusText, ok, type, url, redirected, bodyUsed };
  const headers = [...response.headers];
  return { ...before, headers, text: await response.text(), isUsed: response.bodyUsed };
}

const bodies: readonly [string, () => BodyInit | null | undefined][] = [
  ["text", () => "hällo"],
  ["no text", () => ""],
  ["nothing", () => null],
  ["undefined", () => undefined],
  ["bytes", () => Uint8Array.of(104, 105)],
  ["part of a buffer", () => new Uint8Array(Uint8Array.of(1, 104, 105).buffer, 1)],
  ["a buffer", () => Uint8Array.of(104, 105).buffer],
  ["a view", () => new DataView(Uint8Array.of(104, 105).buffer)],
  ["a blob", () => new Blob(["hi"], { type: "text/html" })],
  ["parameters", () => new URLSearchParams({ a: "b c" })],
  ["a stream", () => new Blob(["hi"]).stream()],
];

test.each(bodies)("a Response of %s is what the host's own is", async (_what, body) => {
  for (const init of [
    undefined,
    { status: 404, statusText: "Gone fishing" },
    { headers: { "Content-Type": "a/b", "X-A": " 1 " } },
    {
      headers: new Headers([
        ["x", "1"],
        ["x", "2"],
      ]),
    },
    {
      headers: [
        ["Set-Cookie", "a=b"],
        ["set-cookie", "c=d"],
      ] as [string, string][],
    },
  ]) {
    expect(await seen(new Response(body(), init))).toEqual(
      await seen(new NativeResponse(body(), init)),
    );
  }
});

test.each([
  ["status", () => new Response("", { status: 99 }), RangeError],
  ["status of another kind", () => new Response("", { status: 100 }), RangeError],
  ["body", () => new Response("a", { status: 204 }), TypeError],
  ["reason", () => new Response("", { statusText: "a\r\nb" }), TypeError],
  ["name of a field", () => new Response("", { headers: { "a b": "c" } }), TypeError],
  ["value of a field", () => new Response("", { headers: { a: "b\r\nc: d" } }), TypeError],
])("a Response refuses a wrong %s", (_what, make, kind) => {
  expect(make).toThrow(kind);
});

test("a Response keeps its fields and body when what it was made of changes", async () => {
  const headers: Record<string, string> = { a: "b" };
  const body = Buffer.from("hi");
  const response = new Response(body, { headers });
  headers["a"] = "c";
  body[0] = 0;
  expect(response.headers.get("a")).toBe("b");
  response.headers.set("a", "d");
  const parts = partsOf(response);
  expect(parts).toMatchObject({ fields: ["a", "d"], body: Uint8Array.of(104, 105) });
  expect(() => partsOf(response)).toThrow("its body was used");
  await expect((async () => response.text())()).rejects.toThrow(TypeError);
});

test("a Response is one of the host's, and the host's is one of it", async () => {
  const light = new Response("a");
  expect([light instanceof NativeResponse, light instanceof Response]).toEqual([true, true]);
  expect([new NativeResponse("a") instanceof Response, {} instanceof Response]).toEqual([
    true,
    false,
  ]);
  expect(Object.prototype.toString.call(light)).toBe("[object Response]");
  class Special extends Response {}
  expect(new Special("a") instanceof Response).toBe(true);
  expect(partsOf(new NativeResponse("a")).fields).toEqual([
    "content-type",
    "text/plain;charset=UTF-8",
  ]);
  expect(Response.error().type).toBe("error");
});

test("clone(), json() and redirect() are as the host's", async () => {
  const response = new Response("a", { status: 201, headers: { b: "c" } });
  const clone = response.clone();
  expect(await seen(clone)).toEqual(await seen(response));
  expect(() => response.clone()).toThrow(TypeError);
  const ofStream = new Response(new Blob(["hi"]).stream());
  const both = [ofStream.clone(), ofStream].map((each) => each.text());
  expect(await Promise.all(both)).toEqual(["hi", "hi"]);
  for (const kind of [Response, NativeResponse]) {
    expect(await seen(kind.json({ a: 1 }, { status: 202 }))).toMatchObject({
      status: 202,
      headers: [["content-type", "application/json"]],
      text: '{"a":1}',
    });
    const { status, headers } = kind.redirect("http://a/b", 307);
    expect([status, headers.get("location")]).toEqual([307, "http://a/b"]);
  }
  const made = new Response(response.body === null ? "" : "b", response);
  expect([made.status, made.headers.get("b")]).toEqual([201, "c"]);
});

/** What a server's request is, as a handler sees it with `look`. */
async function inHandler<T>(look: (request: Request) => T | Promise<T>, body = "abc"): Promise<T> {
  let result: { readonly value: T } | undefined;
  const world = httpWorld(async (request) => {
    result = { value: await look(request) };
    return new Response("");
  });
  await world.exchange(
    "POST /a HTTP/1.1\r\nHost: here\r\nCookie: a=b\r\nContent-Type: application/x-www-form-urlencoded\r\n" +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  );
  if (result === undefined) throw world.failures[0];
  return result.value;
}

test("a server's request is a Request, read as one", async () => {
  expect(await inHandler((request) => request instanceof NativeRequest)).toBe(true);
  expect(await inHandler((request) => request.text())).toBe("abc");
  expect(
    await inHandler(async (request) => [...new Uint8Array(await request.arrayBuffer())]),
  ).toEqual([97, 98, 99]);
  expect(await inHandler((request) => request.json(), "[1]")).toEqual([1]);
  expect(await inHandler(async (request) => (await request.blob()).size)).toBe(3);
  expect(await inHandler(async (request) => (await request.formData()).get("a"), "a=b")).toBe("b");
  expect(await inHandler((request) => new NativeResponse(request.body).text())).toBe("abc");
  expect(await inHandler((request) => request.body, "")).toBe(null);
});

test("a server's request is read once, and can be cloned before", async () => {
  expect(
    await inHandler(async (request) => {
      const clone = request.clone();
      const texts = [await clone.text(), await request.text()];
      const again = await request.text().catch((error: unknown) => error);
      return [...texts, request.bodyUsed, again instanceof TypeError, clone.headers.get("cookie")];
    }),
  ).toEqual(["abc", "abc", true, true, "a=b"]);
});

test("a Request made of a server's has all of its fields", async () => {
  const seenOf = async (request: Request): Promise<unknown> => [
    request.url,
    request.method,
    request.headers.get("cookie"),
    request.headers.get("host"),
    await request.text(),
    request instanceof NativeRequest,
  ];
  const same = ["http://here/a", "POST", "a=b", "here", "abc", true];
  expect(await inHandler((request) => seenOf(new Request(request)))).toEqual(same);
  expect(await inHandler((request) => seenOf(new Request(request.clone().clone())))).toEqual(same);
  expect(await inHandler((request) => seenOf(new Request("http://there/", request)))).toEqual([
    "http://there/",
    ...same.slice(1),
  ]);
  expect(
    await inHandler((request) =>
      seenOf(new Request(request, { method: "PUT", body: "d", headers: { host: "h" } })),
    ),
  ).toEqual(["http://here/a", "PUT", null, "h", "d", true]);
  expect(new Request("http://a/").url).toBe("http://a/");
});
