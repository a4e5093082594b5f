import { expect, onTestFinished, test } from "vitest";
import { FakeServers } from "../../../test/http-servers.ts";
import { connect } from "./client.ts";

interface Trip {
  readonly response: Promise<Response>;
  /** Each request that was sent, with the host that got it. */
  readonly requests: readonly string[];
}

/** Fetches; servers answer with what `answers` say for `host:port/path`, or else 200. */
async function trip(
  answers: Readonly<Record<string, readonly [status: number, location?: string]>>,
  init: RequestInit = {},
  from: string = "http://a/",
): Promise<Trip> {
  const servers = new FakeServers();
  const client = connect({ stack: servers.stack, clock: servers.simulation.clock });
  onTestFinished(() => client[Symbol.asyncDispose]());
  const requests: string[] = [];
  servers.onConnect = (served) => {
    const write = served.client.write.bind(served.client);
    served.client.write = async (bytes) => {
      await write(bytes);
      const text = served.request();
      requests.push(text);
      const path = /^\S+ (\S+)/.exec(text)?.[1] ?? "";
      const [status, location] = answers[`${served.host}${path}`] ?? [200];
      const fields = location === undefined ? [] : [`Location: ${location}`];
      served.answer(`HTTP/1.1 ${status} X`, ...fields, "content-length: 2", "", "ok");
    };
  };
  const response = client.fetch(new Request(from, init));
  response.catch(() => {});
  await servers.pass(20);
  return { response, requests };
}

const lineOf = (text: string | undefined): string => /^.*/.exec(text ?? "")?.[0] ?? "";

test.each([301, 302, 303, 307, 308])("%d is followed", async (status) => {
  const { response, requests } = await trip({ "a:80/": [status, "/b?c#d"] });
  expect(requests.map(lineOf)).toEqual(["GET / HTTP/1.1", "GET /b?c HTTP/1.1"]);
  expect(await response).toMatchObject({ status: 200, redirected: true, url: "http://a/b?c" });
});

test.each<[number, string, string]>([
  [301, "POST", "GET"],
  [302, "POST", "GET"],
  [303, "POST", "GET"],
  [303, "PUT", "GET"],
  [303, "HEAD", "HEAD"],
  [301, "PUT", "PUT"],
  [302, "DELETE", "DELETE"],
  [307, "POST", "POST"],
  [308, "POST", "POST"],
])("%d lets %s become %s, with its body or without", async (status, method, next) => {
  const body = method === "HEAD" ? {} : { body: "text" };
  const init = { method, headers: { "content-type": "text/x", "x-y": "z" }, ...body };
  const { requests } = await trip({ "a:80/": [status, "http://b:81/c"] }, init);
  expect(lineOf(requests[1])).toBe(`${next} /c HTTP/1.1`);
  expect(requests[1]).toContain("x-y: z\r\n");
  const keepsBody = next === method && method !== "HEAD";
  expect(requests[1]?.endsWith("\r\n\r\ntext")).toBe(keepsBody);
  expect(requests[1]?.includes("content-type")).toBe(next === method);
});

test("secrets do not go to another origin", async () => {
  const init = { headers: { authorization: "Basic x" } };
  const same = await trip({ "a:80/": [302, "/b"] }, init);
  expect(same.requests[1]).toContain("authorization: Basic x");
  for (const location of ["http://b/", "http://a:81/"]) {
    const { requests } = await trip({ "a:80/": [302, location] }, init);
    expect(requests).toHaveLength(2);
    expect(requests[1]).not.toContain("authorization");
  }
});

test("what a redirect mode says is done", async () => {
  const manual = await trip({ "a:80/": [302, "/b"] }, { redirect: "manual" });
  expect(await manual.response).toMatchObject({ status: 302, redirected: false });
  expect((await manual.response).headers.get("location")).toBe("/b");
  const error = await trip({ "a:80/": [302, "/b"] }, { redirect: "error" });
  await expect(error.response).rejects.toMatchObject({ code: "too-many-redirects" });
  expect(error.requests).toHaveLength(1);
});

test("twenty are followed, and no more", async () => {
  const answers = Object.fromEntries(
    Array.from({ length: 21 }, (_, at) => [`a:80/${at}`, [302, `/${at + 1}`] as const]),
  );
  const twenty = await trip(answers, {}, "http://a/1");
  expect(await twenty.response).toMatchObject({ status: 200, url: "http://a/21" });
  const more = await trip(answers, {}, "http://a/0");
  await expect(more.response).rejects.toMatchObject({ code: "too-many-redirects" });
  expect(more.requests).toHaveLength(21);
});

test("what leads nowhere is an answer, or an error", async () => {
  const { response } = await trip({ "a:80/": [302] });
  expect((await response).status).toBe(302);
  const odd = await trip({ "a:80/": [302, "http://["] });
  await expect(odd.response).rejects.toMatchObject({ code: "malformed" });
  const secure = await trip({ "a:80/": [302, "https://a/"] });
  await expect(secure.response).rejects.toThrow("there is no TLS");
  const file = await trip({ "a:80/": [302, "file:///etc/passwd"] });
  await expect(file.response).rejects.toThrow("Cannot fetch file:///etc/passwd: it is not http:");
});

test("a stream cannot be sent again", async () => {
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (controller) => controller.enqueue(Uint8Array.of(0x61)),
  });
  const init = { method: "POST", body, duplex: "half" };
  const { response } = await trip({ "a:80/": [307, "/b"] }, init);
  await expect(response).rejects.toThrow("the body is a stream, and cannot be sent again");
});

test("an address may be relative, and in UTF-8", async () => {
  const location = String.fromCharCode(...new TextEncoder().encode("../é"));
  const { requests } = await trip({ "a:80/x/y": [302, location] }, {}, "http://a/x/y");
  expect(lineOf(requests[1])).toBe("GET /%C3%A9 HTTP/1.1");
});
