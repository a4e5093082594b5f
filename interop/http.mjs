// Our HTTP server on our own stack, with the kernel's programs as its clients.

import { Agent, request } from "node:http";
import { text } from "node:stream/consumers";
import { connect as connectServer } from "fata-morgana/net/http/server";
import { connect as connectClock } from "fata-morgana/platform-node/clock";
import { capture } from "./capture.mjs";
import { ours } from "./host.mjs";
import { withTap } from "./lab.mjs";

const large = "0123456789abcdef".repeat(65_536);

/** Whether the client of `/wait` is known to be gone. */
let gone = false;

await withTap(import.meta.url, async (lab) => {
  const { check, host, run } = lab;
  const frames = await capture(lab);
  const isQuick = process.argv.includes("--quick");
  const there = `http://${ours.ipv4}`;

  /** Serves on our stack until the check ends. */
  async function serve() {
    const { tcp } = await host();
    const server = connectServer({ tcp, clock: connectClock() });
    server.serve(80, answer);
    return server;
  }

  /** @type {[what: string, args: string[], expected: string | RegExp][]} */
  const table = [
    ["a GET", [`${there}/`], "hello"],
    ["over IPv6", [`http://[${ours.ipv6}]/`], "hello"],
    ["-I", ["-I", `${there}/`], /^HTTP\/1\.1 200 OK\r\n[^]*content-length: 5\r\n\r\n$/],
    ["-i --http1.0", ["-i", "--http1.0", `${there}/`], /connection: close\r\n[^]*\r\n\r\nhello$/],
    ["--http1.0 of a stream", ["--http1.0", `${there}/stream`], "one\ntwo\n"],
    ["a stream", [`${there}/stream`], "one\ntwo\n"],
    ["--raw of a stream", ["--raw", `${there}/stream`], "4\r\none\n\r\n4\r\ntwo\n\r\n0\r\n\r\n"],
    ["-d", ["-d", "a=b", `${there}/echo`], "a=b"],
    ["-F", ["-F", "a=b", "-F", "c=d", `${there}/form`], "a&c"],
    ["-r", ["-r", "2-5", `${there}/range`], "2345"],
    ["-i of an error", ["-i", `${there}/throw`], /^HTTP\/1\.1 500 /],
    ["-L", ["-L", `${there}/redirect`], "hello"],
    [
      "-b and -c",
      ["-b", "a=b", "-c", "-", `${there}/cookies`],
      /^a=b(?=[^]*\tone\t1\n)(?=[^]*\ttwo\t2\n)/,
    ],
    ["--path-as-is", ["--path-as-is", `${there}/url/../a/./b`], `${there}/a/b`],
    ["-X of a method of one's own", ["-X", "MELT", `${there}/method`], "MELT"],
    [
      "-X OPTIONS of *",
      ["-i", "-X", "OPTIONS", "--request-target", "*", there],
      /^HTTP\/1\.1 204 /,
    ],
    ["-x, as a proxy's client asks", ["-x", `${there}:80`, "http://far/url"], "http://far/url"],
    ["-H with an empty Host", ["-H", "Host;", `${there}/url`], `${there}/url`],
    ["-H without Host", ["-i", "-H", "Host:", `${there}/url`], /^HTTP\/1\.1 400 /],
    ["--compressed", ["--compressed", `${there}/`], "hello"],
    ["a large answer", [`${there}/large`], large],
  ];
  for (const [what, args, expected] of table) {
    await check(`curl ${what}`, ["curl"], async () => {
      const server = await serve();
      const heard = await run("curl", "-sS", "-m", "20", ...args);
      const isRight = typeof expected === "string" ? heard === expected : expected.test(heard);
      holds(isRight, `curl got ${JSON.stringify(heard.slice(0, 500))}`);
      await server[Symbol.asyncDispose]();
    });
  }

  await check("curl -T of a stream, and with Expect", ["curl"], async () => {
    await serve();
    const echoed = await run("sh", "-c", `seq 200000 | curl -sS -T - ${there}/length`);
    holds(echoed === "1288895", echoed);
    const expecting = ["--expect100-timeout", "20", "-H", "Expect: 100-continue", "-d", "abc"];
    const seen = await run("curl", "-sSv", ...expecting, `${there}/echo`);
    holds(seen.includes("< HTTP/1.1 100 Continue") && seen.includes("abc"), seen);
    const large = `head -c 3000000 /dev/zero | curl -sS -T - ${there}/length`;
    holds((await run("sh", "-c", large)) === "3000000", "3,000,000 bytes");
  });

  await check("curl asks for many URLs on one connection", ["curl"], async () => {
    const server = await serve();
    const urls = Array.from({ length: 200 }, (_, index) => `${there}/url?${index}`);
    const heard = await run("curl", "-sS", ...urls);
    holds(heard === urls.join(""), heard.slice(0, 200));
    holds(server.counters["connections"] === 1, `${server.counters["connections"]} connections`);
  });

  await check("nc pipelines", ["nc"], async () => {
    await serve();
    const asked = Array.from(
      { length: 50 },
      (_, index) => `GET /url?${index} HTTP/1.1\\r\\nHost: a\\r\\n`,
    );
    const all = `${asked.join("\\r\\n")}Connection: close\\r\\n\\r\\n`;
    const heard = await run("sh", "-c", `printf '${all}' | nc ${ours.ipv4} 80`);
    const numbers = [...heard.matchAll(/http:\/\/a\/url\?(\d+)/g)].map(([, number]) =>
      Number(number),
    );
    holds(numbers.join() === [...asked.keys()].join(), numbers.join());
    const half = await run(
      "sh",
      "-c",
      `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | nc -N ${ours.ipv4} 80`,
    );
    holds(half.endsWith("hello"), half);
  });

  await check("Node's fetch and its agent", [], async () => {
    const server = await serve();
    const posted = await fetch(`${there}/echo`, { method: "POST", body: large });
    holds((await posted.text()) === large, "A body came back changed");
    const streamed = new Blob([large]).stream();
    /** @type {RequestInit & { duplex: "half" }} */
    const init = { method: "POST", body: streamed, duplex: "half" };
    holds((await (await fetch(`${there}/pipe`, init)).text()) === large, "A stream was changed");
    const agent = new Agent({ keepAlive: true, maxSockets: 2 });
    const before = server.counters["connections"] ?? 0;
    const heard = await Promise.all(
      Array.from({ length: 100 }, (_, index) => asked(agent, `${there}/url?${index}`)),
    );
    holds(
      heard.every((url, index) => url === `${there}/url?${index}`),
      heard.join(),
    );
    const count = (server.counters["connections"] ?? 0) - before;
    holds(count === 2, `${count} connections`);
    agent.destroy();
    const controller = new AbortController();
    const waiting = fetch(`${there}/wait`, { signal: controller.signal });
    setTimeout(() => controller.abort(), 100);
    await waiting.catch(() => {});
    holds(await within(2_000, () => gone), "The signal of a request that was given up");
  });

  await check("wrk", ["wrk"], async () => {
    const server = await serve();
    const summary = await run("wrk", "-t1", "-c64", isQuick ? "-d1" : "-d5", `${there}/`);
    holds(!/Socket errors|Non-2xx/.test(summary), summary);
    holds(server.counters["handlerErrors"] === 0, "A handler failed");
    return /Requests\/sec: .*/.exec(summary)?.[0] ?? "";
  });

  await frames.verify();
});

/**
 * @param {Request} asked
 * @returns {Promise<Response>}
 */
async function answer(asked) {
  const { pathname } = new URL(asked.url);
  switch (pathname) {
    case "/":
      return new Response("hello");
    case "/url":
    case "/a/b":
      return new Response(asked.url);
    case "/method":
      return new Response(asked.method);
    case "/echo":
      return new Response(await asked.text());
    case "/pipe":
      return new Response(asked.body);
    case "/length":
      return new Response(String((await asked.arrayBuffer()).byteLength));
    case "/form":
      return new Response([...(await asked.formData()).keys()].join("&"));
    case "/stream":
      return new Response(lines("one\n", "two\n"));
    case "/large":
      return new Response(large);
    case "/redirect":
      return Response.redirect(new URL("/", asked.url));
    case "/cookies": {
      const headers = new Headers([
        ["set-cookie", "one=1"],
        ["set-cookie", "two=2"],
      ]);
      return new Response(asked.headers.get("cookie"), { headers });
    }
    case "/range": {
      const [, from = "", to = ""] =
        /^bytes=(\d+)-(\d+)$/.exec(asked.headers.get("range") ?? "") ?? [];
      const headers = { "content-range": `bytes ${from}-${to}/${large.length}` };
      return new Response(large.slice(Number(from), Number(to) + 1), { status: 206, headers });
    }
    case "/wait":
      await new Promise((resolve) => asked.signal.addEventListener("abort", resolve));
      gone = true;
      return new Response("");
    default:
      throw new Error(`There is no ${pathname}`);
  }
}

/**
 * A stream with a chunk for each text.
 *
 * @param {string[]} texts
 */
function lines(...texts) {
  return new ReadableStream({
    pull(controller) {
      const text = texts.shift();
      if (text === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(text));
    },
  });
}

/**
 * @param {Agent} agent
 * @param {string} url
 * @returns {Promise<string>}
 */
function asked(agent, url) {
  return new Promise((resolve, reject) => {
    request(url, { agent }, (response) => void text(response).then(resolve, reject))
      .on("error", reject)
      .end();
  });
}

/**
 * @param {number} timeoutMs
 * @param {() => boolean} isSo
 */
async function within(timeoutMs, isSo) {
  for (let waitedMs = 0; !isSo() && waitedMs < timeoutMs; waitedMs += 20) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return isSo();
}

/**
 * @param {boolean} truth
 * @param {string} message
 */
function holds(truth, message) {
  if (!truth) throw new Error(message);
}
