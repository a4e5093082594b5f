import { execFileSync } from "node:child_process";
import { expect } from "@playwright/test";
import { example, test } from "./command.ts";
import { MachinePage } from "./machine.ts";

test("hono: a page of the app's is in the page, with its cookie and its form", async ({ page }) => {
  await page.goto("hono/");
  const frame = page.frameLocator("morgana-site iframe");
  await expect(frame.getByText("You were here 1 time.")).toBeVisible({ timeout: 15_000 });
  await frame.getByLabel("Name").fill("<topaz>");
  await frame.getByLabel("Hardness").fill("8");
  await frame.getByRole("button", { name: "Add" }).click();
  await expect(frame.getByText("<topaz>: 8")).toBeVisible();
  await expect(frame.getByText("You were here 2 times.")).toBeVisible();
  await new MachinePage(page).shows("--> POST / ");
});

test("hono: its JSON, entity tags and streams reach the page's own fetch", async ({ page }) => {
  await page.goto("hono/");
  await expect(page.frameLocator("morgana-site iframe").locator("h1")).toBeVisible({
    timeout: 15_000,
  });
  const found = await page.evaluate(async () => {
    const stone = await fetch("~/stones/talc");
    const headers = { "if-none-match": stone.headers.get("etag") ?? "" };
    const again = await fetch("~/stones/talc", { headers, cache: "no-store" });
    const count = await (await fetch("~/count")).text();
    return { stone: await stone.json(), again: again.status, end: count.slice(-9) };
  });
  expect(found).toEqual({ stone: { name: "talc", hardness: 1 }, again: 304, end: "999\n1000\n" });
});

test("hono: on Node it serves fetch and curl", async ({ start }) => {
  const server = start(["run", example("hono"), "--port=17091"]);
  await server.shows("Serving on port 17091");
  const url = "http://127.0.0.1:17091";
  const first = await fetch(url);
  expect(first.headers.get("set-cookie")).toBe("visits=1; Path=/; HttpOnly; SameSite=Lax");
  const second = await fetch(url, { headers: { cookie: "visits=1" } });
  expect(await second.text()).toContain("You were here 2 times.");
  const put = await fetch(`${url}/stones/opal`, {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ hardness: 6 }),
  });
  expect(put.status).toBe(201);
  const curl = (...words: readonly string[]): string =>
    execFileSync("curl", ["-s", ...words], { encoding: "utf8" });
  const code = ["-o", "/dev/null", "-w", "%{http_code}"];
  expect(JSON.parse(curl(`${url}/stones/opal`))).toEqual({ name: "opal", hardness: 6 });
  const etag = /^etag: (.*)\r$/im.exec(curl("-i", `${url}/stones/opal`))?.[1];
  expect(curl(...code, "-H", `If-None-Match: ${etag}`, `${url}/stones/opal`)).toBe("304");
  expect(curl(...code, `${url}/stones/none`)).toBe("404");
  expect(curl(...code, `${url}/none`)).toBe("404");
  expect(curl(...code, `${url}/admin`)).toBe("401");
  expect(curl("-u", "mira:fata", `${url}/admin`)).toBe("Come in");
  expect(curl(...code, `${url}/broken`)).toBe("500");
  expect(curl("-H", "Origin: http://elsewhere", "-i", `${url}/stones/opal`)).toMatch(
    /^access-control-allow-origin: \*/im,
  );
  const counted = curl("-i", `${url}/count`);
  expect(counted).toMatch(/^transfer-encoding: chunked/im);
  expect(counted.trimEnd().split("\n").slice(-2)).toEqual(["999", "1000"]);
  server.kill("SIGINT");
  expect(await server.ended).toMatchObject({ code: 0 });
});
