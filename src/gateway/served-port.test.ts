import "../../test/with-resolvers.ts";
import { expect, test } from "vitest";
import { FlowError, HttpError, ProtocolError } from "../devices/errors.ts";
import type { HttpClient } from "../devices/index.ts";
import { CookieJar } from "./cookie-jar.ts";
import { GatewayGone, GatewayPort } from "./gateway-port.ts";
import type { RequestHead } from "./protocol.ts";
import { servePort } from "./served-port.ts";
import { SiteGateway } from "./site-gateway.ts";

const root = "https://example.org/website/~/";
const get = (target: string): RequestHead => ({ method: "GET", target, headers: [], root });
const never = (): AbortSignal => new AbortController().signal;

/** A gateway whose server is `handle`, on a clock that only sleeping moves. */
function connect(
  handle: (request: Request) => Response | Promise<Response>,
  allowsScripts = true,
): GatewayPort {
  let nowMs = 0;
  const client = { fetch: async (request: Request) => handle(request) } as unknown as HttpClient;
  const site = new SiteGateway({
    client,
    cookies: new CookieJar(() => nowMs),
    find: async () => "http://10.0.0.1",
    allowsScripts,
    sleep: async (ms) => void (nowMs += ms),
    nowMs: () => nowMs,
  });
  const { port1, port2 } = new MessageChannel();
  servePort(site, port2);
  return new GatewayPort(port1);
}

async function text(body: BodyInit | undefined): Promise<string> {
  return new Response(body ?? null).text();
}

/** `count` chunks that tell how many of them were made. */
function chunks(count: number): { stream: ReadableStream<Uint8Array>; made: () => number } {
  let made = 0;
  const stream = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (made === count) return controller.close();
        made += 1;
        controller.enqueue(new Uint8Array(1000).fill(made));
      },
    },
    { highWaterMark: 0 },
  );
  return { stream, made: () => made };
}

test("send() resolves to the server's answer", async () => {
  const gateway = connect((request) => new Response(`You asked for ${request.url}`));
  await gateway.ready;
  const { head, body } = await gateway.send(get("/a?b=c"), undefined, never());
  expect(head.status).toBe(200);
  expect(await text(body)).toBe("You asked for http://10.0.0.1/a?b=c");
  gateway.close();
});

test("send() carries fields that a browser's own Request leaves out", async () => {
  const gateway = connect(({ headers }) => new Response(headers.get("referer")));
  const head = { ...get("/"), headers: [["referer", `${root}x`]] as const };
  const { body } = await gateway.send(head, undefined, never());
  expect(await text(body)).toBe("http://10.0.0.1/x");
  gateway.close();
});

test("send() carries bodies both ways, whole and in chunks", async () => {
  const gateway = connect(async (request) => new Response(await request.arrayBuffer()));
  const post = { ...get("/"), method: "POST" };
  const whole = await gateway.send(post, Uint8Array.of(1, 2, 3), never());
  expect(new Uint8Array(await new Response(whole.body).arrayBuffer())).toEqual(
    Uint8Array.of(1, 2, 3),
  );
  const streamed = await gateway.send(post, chunks(50).stream, never());
  const bytes = new Uint8Array(await new Response(streamed.body).arrayBuffer());
  expect(bytes).toHaveLength(50_000);
  expect(bytes.filter((_byte, index) => index % 1000 === 0)).toEqual(
    Uint8Array.from({ length: 50 }, (_, index) => index + 1),
  );
  gateway.close();
});

test("send() holds back a body that nobody reads", async () => {
  const { stream, made } = chunks(1_000);
  const gateway = connect(() => new Response(stream as BodyInit));
  const { body } = await gateway.send(get("/"), undefined, never());
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(made()).toBeLessThan(20);
  await (body as ReadableStream).cancel();
  gateway.close();
});

test("send() cancels the server's body when the browser reads no further", async () => {
  const cancelled = Promise.withResolvers<void>();
  const stream = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(10)),
    cancel: () => cancelled.resolve(),
  });
  const gateway = connect(() => new Response(stream));
  const { body } = await gateway.send(get("/"), undefined, never());
  await (body as ReadableStream).cancel();
  await cancelled.promise;
  gateway.close();
});

test("a body that breaks off at the server breaks off in the browser", async () => {
  const stream = new ReadableStream({
    pull(controller) {
      controller.enqueue(new Uint8Array(10));
      controller.error(new Error("The connection was reset"));
    },
  });
  const gateway = connect(() => new Response(stream));
  const { body } = await gateway.send(get("/"), undefined, never());
  await expect(text(body)).rejects.toThrow("The connection was reset");
  gateway.close();
});

test("send() rejects with the signal's reason, and the request to the server aborts", async () => {
  const aborted = Promise.withResolvers<void>();
  const gateway = connect(
    (request) =>
      new Promise((_resolve, reject) => {
        request.signal.addEventListener("abort", () => {
          aborted.resolve();
          reject(request.signal.reason);
        });
      }),
  );
  const controller = new AbortController();
  const answer = gateway.send(get("/"), undefined, controller.signal);
  await gateway.ready;
  controller.abort(new Error("The frame is gone"));
  await expect(answer).rejects.toThrow("The frame is gone");
  await aborted.promise;
  gateway.close();
});

test("send() rejects when the gateway goes, and so do bodies", async () => {
  const { stream } = chunks(1_000);
  const gateway = connect((request) =>
    request.url.endsWith("/slow") ? new Promise(() => {}) : new Response(stream as BodyInit),
  );
  const { body } = await gateway.send(get("/"), undefined, never());
  const slow = gateway.send(get("/slow"), undefined, never());
  gateway.close();
  await expect(slow).rejects.toThrow(GatewayGone);
  await expect(text(body)).rejects.toThrow("page that serves this site was closed");
  await expect(gateway.send(get("/"), undefined, never())).rejects.toThrow(GatewayGone);
});

test("cookies stay with the gateway, and go back to the server alone", async () => {
  const gateway = connect(
    ({ headers }) =>
      new Response(headers.get("cookie"), { headers: { "set-cookie": "session=7; Path=/" } }),
  );
  const first = await gateway.send(get("/"), undefined, never());
  expect(first.head.headers.map(([name]) => name)).not.toContain("set-cookie");
  const second = await gateway.send(get("/x"), undefined, never());
  expect(await text(second.body)).toBe("session=7");
  gateway.close();
});

test.each([
  ["https://example.org", "http://10.0.0.1 session=7"],
  ["https://elsewhere.example", "https://elsewhere.example null"],
  ["null", "null null"],
])("send() for %s brings the server %s", async (origin, seen) => {
  const gateway = connect(
    ({ headers }) =>
      new Response(`${headers.get("origin")} ${headers.get("cookie")}`, {
        headers: { "set-cookie": "session=7; Path=/" },
      }),
  );
  await gateway.send(get("/"), undefined, never());
  const head: RequestHead = { ...get("/"), method: "POST", headers: [["origin", origin]] };
  const { body } = await gateway.send(head, undefined, never());
  expect(await text(body)).toBe(seen);
  gateway.close();
});

test("a site whose scripts are not allowed is told so to the browser", async () => {
  const gateway = connect(() => new Response("<script>alert(1)</script>"), false);
  const { head } = await gateway.send(get("/"), undefined, never());
  const place = "https://example.org/website/~/";
  expect(head.headers).toContainEqual([
    "content-security-policy",
    `script-src 'none'; form-action ${place}; frame-src ${place}; object-src ${place}`,
  ]);
  gateway.close();
});

test("answer() waits for a server that is booting", async () => {
  let tries = 0;
  const gateway = connect(() => {
    tries += 1;
    const cause = new ProtocolError("refused", "Cannot connect: 10.0.0.1 refused it");
    if (tries < 5) throw new HttpError("connection-failed", "Cannot fetch it", { cause });
    return new Response("Up");
  });
  const { body } = await gateway.send(get("/"), undefined, never());
  expect(await text(body)).toBe("Up");
  gateway.close();
});

test.each([
  [502, "does not serve", new ProtocolError("refused", "10.0.0.1 refused it")],
  [504, "does not answer", new ProtocolError("timed-out", "10.0.0.1 is silent")],
  [504, "does not answer", new ProtocolError("unreachable", "no such host")],
  [504, "does not answer", new FlowError("timed-out", "the connection is lost")],
  [502, "cannot be used", new HttpError("malformed", "the head is too long")],
])("answer() is a page with %i that %s, and why, in the end", async (status, title, cause) => {
  const gateway = connect(() => {
    throw cause instanceof HttpError
      ? cause
      : new HttpError("connection-failed", "Cannot fetch it", { cause });
  });
  const { head, body } = await gateway.send(get("/"), undefined, never());
  expect(head.status).toBe(status);
  const page = await text(body);
  expect(page).toContain(title);
  expect(page).toContain(cause.message);
  gateway.close();
});
