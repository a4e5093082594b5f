import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect } from "@playwright/test";
import { example, test } from "./command.ts";
import { MachinePage } from "./machine.ts";

const password = "correct horse";

/** Opens the page of the service, on a disk of its own. */
async function openNotes(page: Page): Promise<void> {
  await page.goto("http-server/?password-cost=8");
  await expect(page.getByRole("status").first()).toHaveText(/Register|Logged in/, {
    timeout: 15_000,
  });
}

async function register(page: Page): Promise<void> {
  await page.getByLabel("Name", { exact: true }).fill("ada");
  await page.getByLabel("Password, at least").fill(password);
  await page.getByRole("button", { name: "Register" }).click();
  await expect(page.getByRole("button", { name: "New note" })).toBeVisible();
}

async function write(page: Page, title: string, text: string): Promise<void> {
  await page.getByRole("button", { name: "New note" }).click();
  await page.getByLabel("Title").fill(title);
  await page.getByLabel("Text").fill(text);
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("Saved", { exact: true })).toBeVisible();
}

test("http-server: notes survive a reload of the page and a restart of the unikernel", async ({
  page,
}) => {
  await openNotes(page);
  await register(page);
  await write(page, "Fog", "Thick");
  await page.reload();
  await expect(page.getByRole("button", { name: "Fog" })).toBeVisible({ timeout: 15_000 });
  await page.getByRole("button", { name: "Restart" }).click();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByLabel("Name", { exact: true }).fill("ada");
  await page.getByLabel("Password, at least").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.getByRole("button", { name: "Fog" }).click();
  await expect(page.getByLabel("Text")).toHaveValue("Thick");
  await new MachinePage(page).shows("POST /tokens 201");
});

test("http-server: who changes what another client changed meanwhile is told so", async ({
  page,
}) => {
  await openNotes(page);
  await register(page);
  await write(page, "Fog", "Thick");
  const status = await page.evaluate(async () => {
    const authorization = `Bearer ${localStorage.getItem("http-server.token")}`;
    const { items } = await (await fetch("~/notes", { headers: { authorization } })).json();
    const response = await fetch(`~/notes/${items[0].id}`, {
      method: "PUT",
      headers: {
        authorization,
        "content-type": "application/json",
        "if-match": items[0].etag,
      },
      body: JSON.stringify({ title: "Fog", text: "Thin" }),
    });
    return response.status;
  });
  expect(status).toBe(200);
  await page.getByLabel("Text").fill("Gone");
  await page.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("The note was changed meanwhile")).toBeVisible();
  await page.getByRole("button", { name: "Show the other version" }).click();
  await expect(page.getByLabel("Text")).toHaveValue("Thin");
});

test("http-server: on Node it serves fetch and curl, and its disk outlives a kill", async ({
  start,
  folder,
}) => {
  const words = ["run", example("http-server"), "--port=17090", "--password-cost=8"];
  const url = "http://127.0.0.1:17090";
  const server = start(words);
  await server.shows("Serving on port 17090");
  const post = (path: string, body: unknown, headers = {}): Promise<Response> =>
    fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
  expect((await post("/accounts", { name: "ada", password })).status).toBe(201);
  const { token } = (await (await post("/tokens", { name: "ada", password })).json()) as {
    token: string;
  };
  const headers = { authorization: `Bearer ${token}` };
  const made = await post("/notes", { title: "Fog", text: "Thick" }, headers);
  expect(made.status).toBe(201);
  const note = new URL(made.headers.get("location") ?? "", `${url}/notes`).href;
  const etag = made.headers.get("etag") ?? "";
  const { pid } = JSON.parse(readFileSync(join(folder, "notes.img.lock"), "utf8")) as {
    pid: number;
  };
  process.kill(pid, "SIGKILL");
  await server.ended;

  const again = start(words);
  await again.shows("Serving on port 17090");
  const read = await fetch(note, { headers });
  expect(read.headers.get("etag")).toBe(etag);
  expect(await read.json()).toMatchObject({ title: "Fog", text: "Thick" });
  const curl = (...more: readonly string[]): string =>
    execFileSync("curl", ["-s", "-H", `Authorization: Bearer ${token}`, ...more], {
      encoding: "utf8",
    });
  const code = ["-o", "/dev/null", "-w", "%{http_code}"];
  expect(curl(...code, "-H", `If-None-Match: ${etag}`, note)).toBe("304");
  const put = [
    "-X",
    "PUT",
    "-H",
    "Content-Type: application/json",
    "-d",
    '{"title":"F","text":""}',
  ];
  expect(curl(...code, ...put, note)).toBe("428");
  expect(curl(...code, ...put, "-H", `If-Match: ${etag}`, note)).toBe("200");
  const late = JSON.parse(curl(...put, "-H", `If-Match: ${etag}`, note));
  expect(late).toMatchObject({ status: 412, title: "Precondition Failed" });
  expect(JSON.parse(curl(`${url}/openapi.json`))).toMatchObject({ openapi: "3.1.0" });
  again.kill("SIGINT");
  expect(await again.ended).toMatchObject({ code: 0 });
});
