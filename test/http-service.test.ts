/** The service of examples/http-server, and its description. */

import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { serviceOf } from "../examples/http-server/service.ts";
import { openApi } from "../examples/http-server/openapi.ts";
import { SimulatedStore, Simulation } from "../src/simulated/index.ts";

const password = "correct horse";

interface Sent {
  readonly token?: string | undefined;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

/** A client of a service in memory. What came back from where is kept in `seen`. */
class Client {
  static readonly seen = new Set<string>();
  readonly #service: (request: Request) => Promise<Response>;

  constructor(service: (request: Request) => Promise<Response>) {
    this.#service = service;
  }

  async send(method: string, path: string, { token, body, headers = {} }: Sent = {}) {
    const url = `http://service${path}`;
    const isText = typeof body === "string";
    const response = await this.#service(
      new Request(url, {
        method,
        headers: {
          ...(body !== undefined && { "content-type": "application/json" }),
          ...(token !== undefined && { authorization: `Bearer ${token}` }),
          ...headers,
        },
        ...(body !== undefined && { body: isText ? body : JSON.stringify(body) }),
      }),
    );
    const path_ = patternOf(new URL(url).pathname);
    if (path_ !== undefined && method in methods) {
      Client.seen.add(`${method} ${path_} ${response.status}`);
    }
    const text = await response.text();
    // oxlint-disable-next-line typescript/no-explicit-any -- what a client makes of it
    const json: any = text === "" ? undefined : JSON.parse(text);
    return { status: response.status, headers: response.headers, json };
  }

  /** Registers, logs in, and gives the token. */
  async enter(name: string): Promise<string> {
    await this.send("POST", "/accounts", { body: { name, password } });
    return (await this.send("POST", "/tokens", { body: { name, password } })).json.token;
  }
}

const methods = { GET: "get", POST: "post", PUT: "put", DELETE: "delete" };

/** The path of the description that a path is like. */
function patternOf(path: string): string | undefined {
  return Object.keys(openApi.paths)
    .toSorted((one, other) => one.split("{").length - other.split("{").length)
    .find((pattern) => new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path));
}

function withService(
  use: (client: Client, simulation: Simulation) => Promise<void>,
  spaceBytes = 1_000_000,
): () => Promise<void> {
  return () => {
    const simulation = new Simulation({ seed: 1, turn: () => setImmediate() });
    const store = new SimulatedStore(simulation, { spaceBytes }).connect();
    const { clock } = simulation;
    const random = simulation.random("service");
    const service = serviceOf({ store, clock, random, passwordCost: 4 });
    return simulation.run(() => use(new Client(service), simulation));
  };
}

test(
  "accounts are made once, shown to their owner, and deleted with all that is in them",
  withService(async (client) => {
    const body = { name: "ada", password };
    const made = await client.send("POST", "/accounts", { body });
    expect(made).toMatchObject({ status: 201, json: { name: "ada" } });
    expect(made.headers.get("location")).toBe("accounts/ada");
    expect((await client.send("POST", "/accounts", { body })).status).toBe(409);
    const token = await client.enter("ada");
    const other = await client.enter("bob");
    await client.send("POST", "/notes", { token, body: { title: "one", text: "" } });
    expect((await client.send("GET", "/accounts/ada", { token })).json).toEqual({
      name: "ada",
      noteCount: 1,
    });
    for (const method of ["GET", "DELETE"]) {
      expect((await client.send(method, "/accounts/ada")).status).toBe(401);
      expect((await client.send(method, "/accounts/ada", { token: other })).status).toBe(403);
    }
    expect((await client.send("DELETE", "/accounts/ada", { token })).status).toBe(204);
    expect((await client.send("GET", "/notes", { token })).status).toBe(401);
    expect((await client.send("POST", "/tokens", { body })).status).toBe(401);
  }),
);

test(
  "a token ends with the log-out, and after 30 days; wrong passwords are bounded",
  withService(async (client, { clock }) => {
    const token = await client.enter("ada");
    expect((await client.send("DELETE", "/tokens/current", { token })).status).toBe(204);
    const again = await client.send("DELETE", "/tokens/current", { token });
    expect(again.status).toBe(401);
    expect(again.headers.get("www-authenticate")).toMatch(/^Bearer .*invalid_token/);
    const later = await client.enter("ada");
    expect((await client.send("GET", "/notes", { token: later })).status).toBe(200);
    await clock.sleep(30 * 24 * 3600 * 1000);
    expect((await client.send("GET", "/notes", { token: later })).status).toBe(401);
    const body = { name: "ada", password: "wrong horse" };
    for (let count = 0; count < 5; count += 1) {
      expect((await client.send("POST", "/tokens", { body })).status).toBe(401);
    }
    const refused = await client.send("POST", "/tokens", { body: { name: "ada", password } });
    expect(refused.status).toBe(429);
    expect(refused.headers.get("retry-after")).toBe("60");
    await clock.sleep(60_000);
    expect(await client.enter("ada")).toMatch(/^ada\./);
  }),
);

test(
  "notes are made, read, replaced and deleted, by who saw their last version",
  withService(async (client, { clock }) => {
    const token = await client.enter("ada");
    const made = await client.send("POST", "/notes", { token, body: { title: "a", text: "b" } });
    expect(made.status).toBe(201);
    const path = new URL(made.headers.get("location") ?? "", "http://service/notes").pathname;
    const etag = made.headers.get("etag") ?? "";
    const read = await client.send("GET", path, { token });
    expect(read).toMatchObject({ status: 200, json: { ...made.json, title: "a", text: "b" } });
    expect(read.headers.get("etag")).toBe(etag);
    const with_ = (headers: Record<string, string>, body?: unknown): Sent => ({
      token,
      headers,
      ...(body !== undefined && { body }),
    });
    const unchanged = await client.send("GET", path, with_({ "if-none-match": `"x", W/${etag}` }));
    expect(unchanged).toMatchObject({ status: 304, json: undefined });
    expect((await client.send("GET", path, with_({ "if-match": '"x"' }))).status).toBe(412);
    const body = { title: "a", text: "c" };
    expect((await client.send("PUT", path, with_({}, body))).status).toBe(428);
    await clock.sleep(1000);
    const replaced = await client.send("PUT", path, with_({ "if-match": etag }, body));
    expect(replaced).toMatchObject({
      status: 200,
      json: { text: "c", created: made.json.created },
    });
    expect(replaced.json.modified).not.toBe(made.json.modified);
    const late = await client.send("PUT", path, with_({ "if-match": etag }, body));
    expect(late.status).toBe(412);
    expect(late.headers.get("etag")).toBe(replaced.headers.get("etag"));
    expect((await client.send("DELETE", path, with_({}))).status).toBe(428);
    expect((await client.send("DELETE", path, with_({ "if-match": etag }))).status).toBe(412);
    const other = await client.enter("bob");
    expect((await client.send("GET", path, { token: other })).status).toBe(404);
    expect((await client.send("DELETE", path, with_({ "if-match": "*" }))).status).toBe(204);
    for (const method of ["GET", "PUT", "DELETE"]) {
      const sent = with_({ "if-match": "*" }, method === "PUT" ? body : undefined);
      expect((await client.send(method, path, sent)).status).toBe(404);
      expect((await client.send(method, path)).status).toBe(401);
    }
    expect((await client.send("GET", "/notes/..%2f..", { token })).status).toBe(404);
  }),
);

test(
  "of changes at once with the same If-Match, one is made",
  withService(async (client) => {
    const token = await client.enter("ada");
    const made = await client.send("POST", "/notes", { token, body: { title: "a", text: "" } });
    const headers = { "if-match": made.headers.get("etag") ?? "" };
    const answers = await Promise.all(
      ["b", "c", "d"].map((title) =>
        client.send("PUT", `/notes/${made.json.id}`, { token, headers, body: { title, text: "" } }),
      ),
    );
    const statuses = answers.map(({ status }) => `${status}`);
    expect(statuses.toSorted()).toEqual(["200", "412", "412"]);
  }),
);

test(
  "a list comes in pages, oldest first, whatever is added meanwhile",
  withService(async (client, { clock }) => {
    const token = await client.enter("ada");
    const add = async (title: string): Promise<void> => {
      await client.send("POST", "/notes", { token, body: { title, text: "" } });
      await clock.sleep(10);
    };
    for (const title of ["1", "2", "3", "4", "5"]) await add(title);
    const titles: string[] = [];
    let url = new URL("http://service/notes?limit=2");
    for (;;) {
      const page = await client.send("GET", url.pathname + url.search, { token });
      titles.push(...page.json.items.map(({ title }: { title: string }) => title));
      const next = /^<(.*)>; rel="next"$/.exec(page.headers.get("link") ?? "")?.[1];
      if (next === undefined) break;
      url = new URL(next, url);
      if (titles.length === 2) await add("6");
    }
    expect(titles).toEqual(["1", "2", "3", "4", "5", "6"]);
    for (const query of ["limit=0", "limit=101", "limit=x", "cursor=x"]) {
      expect((await client.send("GET", `/notes?${query}`, { token })).status).toBe(400);
    }
    expect((await client.send("GET", "/notes")).status).toBe(401);
  }),
);

test(
  "a body is refused with what is wrong with it",
  withService(async (client) => {
    const token = await client.enter("ada");
    const made = await client.send("POST", "/notes", { token, body: { title: "a", text: "" } });
    const headers = { "if-match": "*" };
    for (const [method, path] of [
      ["POST", "/accounts"],
      ["POST", "/tokens"],
      ["POST", "/notes"],
      ["PUT", `/notes/${made.json.id}`],
    ] as const) {
      const sent = { token, headers };
      expect((await client.send(method, path, { ...sent, body: "{" })).status).toBe(400);
      expect((await client.send(method, path, { ...sent, body: "[]" })).status).toBe(422);
      const type = { ...headers, "content-type": "text/plain" };
      const wrong = await client.send(method, path, { token, headers: type, body: "{}" });
      expect(wrong.status).toBe(415);
      expect(wrong.headers.get("accept")).toBe("application/json");
      const large = { title: "x".repeat(70_000) };
      expect((await client.send(method, path, { ...sent, body: large })).status).toBe(413);
    }
    const refused = await client.send("POST", "/accounts", {
      body: { name: "No!", password: 5, "a/b": "" },
    });
    expect(refused.headers.get("content-type")).toBe("application/problem+json");
    expect(refused.json).toMatchObject({ status: 422, title: "Unprocessable Content" });
    expect(refused.json.errors).toEqual([
      { pointer: "/name", detail: expect.stringMatching(/^must be of a-z/) },
      { pointer: "/password", detail: "must be text" },
      { pointer: "/a~1b", detail: "is unknown" },
    ]);
    const body = { title: "", text: "x" };
    expect((await client.send("POST", "/notes", { body })).status).toBe(401);
  }),
);

test("a full disk is 507, and what was there stays", async () => {
  await withService(async (client) => {
    const token = await client.enter("ada");
    const made = await client.send("POST", "/notes", { token, body: { title: "a", text: "" } });
    const body = { title: "b", text: "x".repeat(2000) };
    const headers = { "if-match": "*" };
    const path = `/notes/${made.json.id}`;
    expect((await client.send("POST", "/notes", { token, body })).status).toBe(507);
    expect((await client.send("PUT", path, { token, headers, body })).status).toBe(507);
    expect((await client.send("GET", path, { token })).json).toEqual(made.json);
    const further = "b".repeat(30);
    for (let count = 0; count < 20; count += 1) {
      await client.send("POST", "/accounts", { body: { name: `${further}${count}`, password } });
      await client.send("POST", "/tokens", { body: { name: "ada", password } });
    }
    await client.enter("carl");
  }, 1000)();
  for (const path of ["/accounts", "/tokens"])
    expect([...Client.seen]).toContain(`POST ${path} 507`);
});

test(
  "other methods are 405 with those that there are, and pages of any origin may ask",
  withService(async (client) => {
    const origin = { origin: "http://elsewhere" };
    const wrong = await client.send("PATCH", "/notes", { headers: origin });
    expect(wrong.status).toBe(405);
    expect(wrong.headers.get("allow")).toBe("GET, POST, HEAD, OPTIONS");
    expect(wrong.headers.get("access-control-allow-origin")).toBe("*");
    expect((await client.send("GET", "/nothing")).json).toMatchObject({ status: 404 });
    expect((await client.send("OPTIONS", "/notes")).headers.get("allow")).toContain("POST");
    const preflight = await client.send("OPTIONS", "/notes/x", {
      headers: { ...origin, "access-control-request-method": "PUT" },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-methods")).toContain("PUT");
    expect(preflight.headers.get("access-control-allow-headers")).toContain("If-Match");
    const index = await client.send("GET", "/", { headers: origin });
    expect(index.headers.get("access-control-expose-headers")).toContain("ETag");
    expect((await client.send("GET", "/")).headers.has("access-control-allow-origin")).toBe(false);
    expect((await client.send("HEAD", "/openapi.json")).status).toBe(200);
    expect((await client.send("GET", "/openapi.json")).json).toEqual(openApi);
  }),
);

interface Operation {
  readonly operationId: string;
  readonly responses: object;
}

interface PathItem extends Partial<Record<"delete" | "get" | "post" | "put", Operation>> {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

/** Of each operation, the statuses that it describes. */
function described(): string[] {
  return Object.entries(openApi.paths).flatMap(([path, item]) =>
    Object.entries(methods).flatMap(([method, key]) => {
      const operation = (item as Record<string, { responses?: object }>)[key];
      return Object.keys(operation?.responses ?? {}).map((status) => `${method} ${path} ${status}`);
    }),
  );
}

// Last: it looks at what the tests before it have seen.
test("the description has every answer that the service gave, and no other", () => {
  const rare = [
    "DELETE /accounts/{name} 507",
    "DELETE /tokens/current 507",
    "DELETE /notes/{id} 507",
  ];
  const seen = [...Client.seen, ...rare, "POST /notes 404"];
  expect([...new Set(seen)].toSorted()).toEqual(described().toSorted());
});

test("the description is OpenAPI: references lead somewhere, paths have their parameters", () => {
  expect(openApi.openapi).toMatch(/^3\.1\.\d+$/);
  const refs = [...JSON.stringify(openApi).matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)];
  expect(refs.length).toBeGreaterThan(20);
  for (const [, name = ""] of refs) expect(Object.keys(openApi.components.schemas)).toContain(name);
  const ids: string[] = [];
  const paths: Record<string, PathItem> = JSON.parse(JSON.stringify(openApi.paths));
  for (const [path, { parameters = [], ...operations }] of Object.entries(paths)) {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
    expect(parameters.filter((each) => each.in === "path").map(({ name }) => name)).toEqual(named);
    for (const { operationId, responses } of Object.values<Operation>(operations)) {
      ids.push(operationId);
      for (const response of Object.values(responses)) {
        expect(response).toHaveProperty("description", expect.stringMatching(/./));
      }
    }
  }
  expect(new Set(ids).size).toBe(ids.length);
});
