import { deflateSync, gzipSync } from "node:zlib";
import { expect, onTestFinished, test } from "vitest";
import { FakeServers } from "../../../test/http-servers.ts";
import { connect } from "./client.ts";

interface Answer {
  readonly request: string;
  readonly response: Response;
  readonly servers: FakeServers;
}

/** Fetches what a server sends with `coding`, in pieces. */
async function fetched(
  coding: string,
  body: Uint8Array,
  init: RequestInit = {},
  pieceBytes: number = 1000,
): Promise<Answer> {
  const servers = new FakeServers();
  const client = connect({ stack: servers.stack, clock: servers.simulation.clock });
  onTestFinished(() => client[Symbol.asyncDispose]());
  const response = client.fetch(new Request("http://example/", init));
  await servers.settle();
  const served = servers.last;
  const request = served.request();
  const length = `content-length: ${body.length}`;
  served.answer("HTTP/1.1 200 OK", `content-encoding: ${coding}`, length, "", "");
  for (let at = 0; at < body.length; at += pieceBytes) {
    served.client.arrive(body.slice(at, at + pieceBytes));
  }
  return { request, response: await response, servers };
}

const text = "abc".repeat(1000);

test.each([
  ["gzip", gzipSync(text)],
  ["X-Gzip", gzipSync(text)],
  ["deflate", deflateSync(text)],
])("fetch() takes %s off", async (coding, body) => {
  const { request, response, servers } = await fetched(coding, body, {}, 7);
  expect(request).toContain("accept-encoding: gzip, deflate\r\n");
  expect(await response.text()).toBe(text);
  expect(response.headers.get("content-encoding")).toBe(coding);
  await servers.settle();
  expect(servers.last.client).toMatchObject({ isAborted: false, isDisposed: false });
});

test("fetch() leaves alone what the caller asked for, parts, and what it does not know", async () => {
  const body = gzipSync("abc");
  const asked = await fetched("gzip", body, { headers: { "accept-encoding": "gzip" } });
  expect(asked.request).not.toContain("deflate");
  expect(Buffer.from(await asked.response.arrayBuffer())).toEqual(body);
  const part = await fetched("gzip", body, { headers: { range: "bytes=0-" } });
  expect(part.request).toContain("accept-encoding: identity\r\n");
  expect(Buffer.from(await part.response.arrayBuffer())).toEqual(body);
  const unknown = await fetched("br", body);
  expect(Buffer.from(await unknown.response.arrayBuffer())).toEqual(body);
});

test("fetch() refuses what is not well compressed, or was cut off", async () => {
  const broken = await fetched("gzip", new TextEncoder().encode("not gzip at all"));
  await expect(broken.response.text()).rejects.toMatchObject({ code: "malformed" });
  const short = await fetched("gzip", gzipSync(text).subarray(0, -9));
  await expect(short.response.text()).rejects.toMatchObject({ code: "malformed" });
});

test("fetch() stops where a body grows beyond all measure", async () => {
  const bomb = gzipSync(new Uint8Array(3 * 2 ** 20));
  const { response } = await fetched("gzip", bomb);
  let byteCount = 0;
  const read = async (): Promise<void> => {
    for await (const bytes of response.body ?? []) byteCount += bytes.length;
  };
  await expect(read()).rejects.toMatchObject({ code: "too-large" });
  expect(byteCount).toBeLessThan(2.5 * 2 ** 20);
});
