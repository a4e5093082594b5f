import type { IncomingHttpHeaders, RequestOptions } from "node:http";
import { request } from "node:http";
import { text } from "node:stream/consumers";
import { expect, test as base } from "@playwright/test";
import { serve } from "./dev-server.ts";
import { configOf, emptyTsconfig, scratchProject, unikernelSaying } from "./scratch.ts";

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

type Ask = (path: string, options?: RequestOptions) => Promise<Answer>;

const test = base.extend<object, { ask: Ask }>({
  ask: [
    // oxlint-disable-next-line no-empty-pattern -- how Playwright learns that it needs no fixture
    async ({}, use) => {
      const names = ["alpha", "morgana.js", "100%", 'a "b" <c>', "morgana"];
      const files = names.flatMap((name) => [
        [`${name}/config.ts`, configOf("alpha")],
        [`${name}/unikernel.ts`, unikernelSaying("here")],
      ]);
      using scratch = scratchProject({
        ...Object.fromEntries(files),
        "tsconfig.json": emptyTsconfig,
        ".hidden/config.ts": "",
      });
      const server = await serve(scratch.root);
      const { port } = new URL(server.url);
      await use(
        (path, options = {}) =>
          // As bytes on a wire: a URL would be put right before it is sent.
          new Promise((resolve, reject) => {
            const sent = request({ host: "127.0.0.1", port, path, ...options }, (response) => {
              const { statusCode: status, headers } = response;
              text(response).then((body) => resolve({ status, headers, body }), reject);
            });
            sent.on("error", reject).end();
          }),
      );
      await server.close();
    },
    { scope: "worker" },
  ],
});

const html = { accept: "text/html" };

test("a path that does not decode is a bad request", async ({ ask }) => {
  for (const path of ["/%E0%A4%A", "/alpha/%", "/%zz"]) {
    expect((await ask(path)).status, path).toBe(400);
  }
});

test("no path leads out of the folder, or ends the server", async ({ ask }) => {
  const hostile = [
    "//",
    "//alpha/",
    "/../../../../etc/passwd",
    "/..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
    "/alpha/../../../../../../etc/passwd",
    "/alpha/..%5c..%5cconfig.ts",
    "/%00",
    `/${"a".repeat(5000)}/`,
    "/constructor/",
    "/__proto__",
    "/.hidden/",
    "/alpha/unikernel.js/",
  ];
  for (const path of hostile) {
    const { status, body } = await ask(path, { headers: html });
    expect([400, 403, 404], `${path} got ${status}`).toContain(status);
    expect(body).not.toContain("root:");
  }
  expect((await ask("/alpha/", { headers: html })).status).toBe(200);
});

test("a host that is not this one is refused", async ({ ask }) => {
  for (const host of ["evil.example", "evil.example:80", "[", "a b", "127.0.0.1.evil.example"]) {
    for (const path of ["/", "/alpha/", "/alpha/unikernel.js", "/morgana.js"]) {
      expect((await ask(path, { headers: { ...html, host } })).status, host + path).toBe(403);
    }
  }
});

test("pages of this machine may read a worker, those of the web may not", async ({ ask }) => {
  const allowed = async (origin: string): Promise<string | undefined> =>
    (await ask("/alpha/unikernel.js", { headers: { origin } })).headers[
      "access-control-allow-origin"
    ];
  expect(await allowed("http://localhost:1234")).toBe("http://localhost:1234");
  expect(await allowed("https://evil.example")).toBeUndefined();
});

test("HEAD answers as GET, without a body", async ({ ask }) => {
  for (const path of ["/", "/alpha/", "/alpha/unikernel.js", "/alpha/unikernel.js.map"]) {
    const get = await ask(path, { headers: html });
    const head = await ask(path, { headers: html, method: "HEAD" });
    expect([head.status, head.body], path).toEqual([200, ""]);
    expect(head.headers["content-type"]).toBe(get.headers["content-type"]);
  }
  expect((await ask("/nobody/", { headers: html, method: "HEAD" })).status).toBe(404);
  expect((await ask("/alpha/", { headers: html, method: "POST" })).status).toBe(404);
});

test("a folder without its slash leads to it, arguments and all", async ({ ask }) => {
  const { status, headers } = await ask("/alpha?times=3", { headers: html });
  expect([status, headers.location]).toEqual([302, "/alpha/?times=3"]);
});

test("hundreds of requests at once get one bundle, and its source map", async ({ ask }) => {
  const answers = await Promise.all(Array.from({ length: 300 }, () => ask("/alpha/unikernel.js")));
  expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
  expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
  const [first] = answers;
  expect(first?.body).toContain("//# sourceMappingURL=unikernel.js.map");
  const map = await ask("/alpha/unikernel.js.map");
  expect(map.headers["content-type"]).toContain("application/json");
  const { sources } = JSON.parse(map.body) as { sources: string[] };
  expect(sources.some((source) => source.endsWith("unikernel.ts"))).toBe(true);
});

test("names that mean something in a URL, in HTML or to the site do not confuse it", async ({
  ask,
}) => {
  const gallery = await ask("/", { headers: html });
  const links = [...gallery.body.matchAll(/<h2><a href="([^"]*)"/g)].map(([, href]) => href);
  expect(links).toEqual([
    "./100%25/",
    "./a%20%22b%22%20%3Cc%3E/",
    "./alpha/",
    "./morgana/",
    "./morgana.js/",
  ]);
  for (const link of links) {
    const page = await ask(`/${link?.slice(2)}`, { headers: html });
    expect([page.status, page.body.includes("<morgana-unikernel")], link).toEqual([200, true]);
    const worker = await ask(`/${link?.slice(2)}unikernel.js`);
    expect(worker.body, link).toContain("here");
  }
  expect((await ask("/morgana.js")).body).toContain("morgana-unikernel");
});
