/**
 * An HTTP server that is sent mutated requests: what it answers are whole messages, and the same
 * ones however the requests were cut into pieces. MORGANA_LONG=1 makes it hundreds of times as many.
 */

import { expect, test } from "vitest";
import { requestFraming, responseFraming } from "../../src/net/http/framing.ts";
import { HeadReader } from "../../src/net/http/head.ts";
import { bytesOf, settled } from "../http-flows.ts";
import { httpWorld } from "../http-world.ts";
import { type Generator, seededGenerator } from "../../src/simulated/generator.ts";

const inputCount = process.env["MORGANA_LONG"] === "1" ? 20_000 : 60;
const limits = { lineBytes: 200, fieldBytes: 400, fieldCount: 8, bodyBytes: 60 };

const requests = [
  "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
  "HEAD /a?b HTTP/1.1\r\nHost: a:80\r\nConnection: keep-alive\r\n\r\n",
  "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
  "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nT: u\r\n\r\n",
  "PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\na",
  "GET http://b/c HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
  "OPTIONS * HTTP/1.1\r\nHost: [::1]\r\n\r\n",
];

const pieces = [
  "\r\n",
  "\n",
  "\r",
  " ",
  "\t",
  "\0",
  ":",
  ",",
  "0",
  "1",
  "chunked",
  "\xff",
  "Content-Length: 2\r\n",
];

function pick<T>(list: readonly T[], random: Generator): T | undefined {
  return list[random.below(list.length)];
}

/** Some requests, one behind the other, with up to three changes. */
function mutated(random: Generator): string {
  let text = Array.from({ length: 1 + random.below(3) }, () => pick(requests, random)).join("");
  for (let changes = random.below(4); changes > 0; changes -= 1) {
    const at = random.below(text.length);
    const end = at + Math.floor(random.fraction() ** 4 * 20);
    const kind = random.fraction();
    if (kind < 0.5) text = text.slice(0, at) + pick(pieces, random) + text.slice(end);
    else if (kind < 0.7) text = text.slice(0, at) + text.slice(end);
    else if (kind < 0.9) text = text.slice(0, end) + text.slice(at);
    else text = text.slice(0, at);
  }
  return text;
}

/** What a server answers to bytes that come in so many pieces, and how the connection stands then. */
async function answersTo(text: string, cuts: readonly number[]): Promise<string> {
  const world = httpWorld(async (request) => {
    const body = await request.text();
    return new Response(`${request.method} ${request.url} ${body}`);
  }, limits);
  const client = world.open();
  const ends = [...cuts, text.length].sort((a, b) => a - b);
  let all = "";
  for (const [index, end] of ends.entries()) {
    all += await client.send(text.slice(ends[index - 1] ?? 0, end));
  }
  client.flow.peer?.arrive(undefined);
  await settled(2);
  expect(world.failures).toEqual([]);
  all += await client.send("");
  return `${all}${client.state()}`;
}

/** Takes answers apart; throws if they are not whole. */
function checkAnswers(text: string): void {
  const bytes = bytesOf(text.replace(/(?:open|ended|aborted)$/, ""));
  const heads = HeadReader.ofResponses({ lineBytes: 1000, fieldBytes: 5000, fieldCount: 50 });
  for (let at = 0; at < bytes.length;) {
    const head = heads.read(bytes, at, bytes.length);
    if (typeof head !== "object") throw new Error(`${head} at ${at} of ${text}`);
    at += heads.byteCount;
    const framing = responseFraming(head, "GET");
    if (typeof framing !== "object") throw new Error(`${framing} at ${at} of ${text}`);
    const isHead = text.startsWith("HTTP/1.1", at) || at === bytes.length;
    if (framing.kind === "length" && !isHead) at += framing.byteCount;
    expect(at).toBeLessThanOrEqual(bytes.length);
  }
}

test("a server answers mutated requests with whole messages, however they are cut", async () => {
  for (let seed = 1; seed <= inputCount; seed += 1) {
    const random = seededGenerator(seed, "http");
    const text = mutated(random);
    const cuts = Array.from({ length: random.below(4) }, () => random.below(text.length));
    const whole = await answersTo(text, []);
    checkAnswers(whole);
    expect(withoutContinue(await answersTo(text, cuts)), `seed ${seed}`).toBe(
      withoutContinue(whole),
    );
  }
});

/** Whether the body came before it was asked for depends on the cuts. */
function withoutContinue(answers: string): string {
  return answers.replaceAll("HTTP/1.1 100 Continue\r\n\r\n", "");
}

test("requests that are not changed are all understood", () => {
  for (const text of requests) {
    const bytes = bytesOf(text);
    const head = HeadReader.ofRequests(limits).read(bytes, 0, bytes.length);
    expect(typeof head === "object" && typeof requestFraming(head)).toBe("object");
  }
});
