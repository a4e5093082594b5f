import { describe, expect, onTestFinished, test } from "vitest";
import { FakeServers } from "../../../test/http-servers.ts";
import { bytesOf } from "../../../test/http-flows.ts";
import { connect } from "./client.ts";
import { forwardedRequest, type ForwardedParts } from "./forwarded-request.ts";

interface Sent {
  readonly servers: FakeServers;
  readonly response: Promise<Response>;
}

async function send(parts: Partial<ForwardedParts>): Promise<Sent> {
  const servers = new FakeServers();
  const { clock } = servers.simulation;
  const client = connect({ stack: servers.stack, clock, settings: { decompress: false } });
  onTestFinished(() => client[Symbol.asyncDispose]());
  const { signal } = new AbortController();
  const url = "http://example/?";
  const response = client.fetch(
    forwardedRequest({ method: "GET", url, headers: [], signal, ...parts }),
  );
  response.catch(() => {});
  await servers.settle();
  return { servers, response };
}

function streamOf(...texts: readonly string[]): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    start(controller) {
      for (const text of texts) controller.enqueue(bytesOf(text));
      controller.close();
    },
  });
}

describe("forwardedRequest()", () => {
  test("sends what the host's own would drop or refuse, and adds nothing", async () => {
    const headers = [
      ["host", "other.example"],
      ["cookie", "a=b"],
      ["connection", "x"],
    ] as const;
    const { servers } = await send({ method: "TRACK", headers, body: bytesOf("body") });
    expect(servers.last.request().split("\r\n")).toEqual([
      "TRACK /? HTTP/1.1",
      "host: other.example",
      "cookie: a=b",
      "transfer-encoding: chunked",
      "",
      "4",
      "body",
      "0",
      "",
      "",
    ]);
  });

  test("is a Request, and follows no redirect", async () => {
    const { servers, response } = await send({});
    servers.last.answer("HTTP/1.1 302 Found", "location: /there", "content-length: 0", "", "");
    expect((await response).status).toBe(302);
    const { signal } = new AbortController();
    const request = forwardedRequest({
      method: "PUT",
      url: "http://a/",
      headers: [],
      signal,
      body: bytesOf("x"),
    });
    expect(request).toBeInstanceOf(Request);
    expect(await request.text()).toBe("x");
  });

  test("sends a stream with the length that its headers say", async () => {
    const headers = [["content-length", "20002"]] as const;
    const { servers } = await send({ headers, body: streamOf("x".repeat(20_000), "ab") });
    const sent = servers.last.request();
    expect(sent).toContain("content-length: 20002\r\n");
    expect(sent).toMatch(/\r\n\r\nx{20000}ab$/);
  });

  test.each([["20001"], ["20003"]])(
    "aborts, if a stream of 20002 is said to have %s",
    async (said) => {
      const headers = [["content-length", said]] as const;
      const { servers, response } = await send({
        headers,
        body: streamOf("x".repeat(20_000), "ab"),
      });
      await expect(response).rejects.toMatchObject({ code: "connection-failed" });
      expect(servers.last.client.isAborted).toBe(true);
    },
  );
});
