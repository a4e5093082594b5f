/** The browser as a client of a unikernel: what it asks for below `~/` of a page. */

import type { FrameLocator, Page } from "@playwright/test";
import { expect } from "@playwright/test";
import { MachinePage } from "./machine.ts";
import { test } from "./own-unikernels.ts";

// A service worker, two workers and a frame start for each.
test.describe.configure({ timeout: 60_000 });

/** Opens the page of the unikernel that serves a site, and waits until the browser is its client. */
async function openSite(page: Page, url: string, query = ""): Promise<FrameLocator> {
  await page.goto(`${url}serves-site/${query}`);
  const frame = page.frameLocator("morgana-site iframe");
  await expect(frame.locator("h1")).toBeVisible({ timeout: 15_000 });
  return frame;
}

/** What the page's own `fetch` gets of a site. */
function fetchText(
  page: Page,
  path: string,
  init: Pick<RequestInit, "body" | "headers" | "method"> = {},
): Promise<string> {
  return page.evaluate(
    async (given) => (await fetch(given.path, given.init as RequestInit)).text(),
    { path, init },
  );
}

test("a document, its styles and its pictures come from the unikernel", async ({ page, url }) => {
  const frame = await openSite(page, url);
  await expect(frame.locator("h1")).toHaveText("first");
  await expect(frame.locator("h1")).toHaveCSS("color", "rgb(1, 2, 3)");
  // What a document loads by a path from the root is the site's, too.
  await expect(frame.locator("p")).toHaveCSS("color", "rgb(4, 5, 6)");
  await expect(frame.locator("img")).toHaveJSProperty("naturalWidth", 7);
  await expect(page.getByLabel("Address in the site")).toHaveText("/");
});

test("scripts of a site run when they are allowed, and not before", async ({ page, url }) => {
  const frame = await openSite(page, url);
  await expect(frame.locator("p")).toHaveText("No module yet");
  await page.getByLabel("Run its scripts").check();
  await expect(frame.locator("p")).toHaveText("The module ran");
  await page.getByLabel("Run its scripts").uncheck();
  await expect(frame.locator("p")).toHaveText("No module yet");
});

test("forms are posted, and what does not exist is the unikernel's to say", async ({
  page,
  url,
}) => {
  const frame = await openSite(page, url);
  await frame.getByRole("button", { name: "Send" }).click();
  await expect(frame.locator("h1")).toHaveText("Hello, you");
  await expect(page.getByLabel("Address in the site")).toHaveText("/form");
  await page.getByRole("button", { name: "Front page" }).click();
  await frame.getByRole("link", { name: "A dead link" }).click();
  await expect(frame.locator("body")).toHaveText("Not here");
});

test("redirects and cookies work, and the page sees none of them", async ({ page, url }) => {
  const frame = await openSite(page, url);
  await frame.getByRole("button", { name: "Log in" }).click();
  await expect(frame.locator("h1")).toHaveText("Come in");
  await expect(page.getByLabel("Address in the site")).toHaveText("/private");
  expect(await page.evaluate(() => document.cookie)).toBe("");
  expect(await fetchText(page, "~/private")).toContain("Come in");
});

test("seeking in a recording asks for a range of it", async ({ page, url }) => {
  const frame = await openSite(page, url);
  // The test's own script is one of the site's.
  await page.getByLabel("Run its scripts").check();
  const place = await frame.locator("audio").evaluate(async (audio: HTMLAudioElement) => {
    if (audio.readyState < 1) {
      await new Promise((resolve) => audio.addEventListener("loadedmetadata", resolve));
    }
    const sought = new Promise((resolve) => audio.addEventListener("seeked", resolve));
    audio.currentTime = 45;
    await sought;
    return { duration: audio.duration, seekableTo: audio.seekable.end(0), at: audio.currentTime };
  });
  expect(place).toEqual({ duration: 60, seekableTo: 60, at: 45 });
});

test("fetch() of the page gets what a frame gets, and every method arrives", async ({
  page,
  url,
}) => {
  await openSite(page, url);
  for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]) {
    const hasBody = !["GET", "OPTIONS"].includes(method);
    const init = { method, headers: { "x-own": "kept" }, ...(hasBody && { body: "a body" }) };
    const answer = JSON.parse(await fetchText(page, "~/echo?q=1", init));
    expect(answer).toMatchObject({ method, body: hasBody ? "a body" : "" });
    expect(answer.headers).toMatchObject({
      "x-own": "kept",
      "x-forwarded-prefix": "/serves-site/~",
    });
    expect(new URL(answer.url).search).toBe("?q=1");
  }
  expect(await page.evaluate(async () => (await fetch("~/echo", { method: "HEAD" })).status)).toBe(
    200,
  );
});

test("the server learns nothing of the page: no cookie, no address", async ({ page, url }) => {
  await openSite(page, url, "?name=spy");
  await page.evaluate(() => (document.cookie = "secret=1"));
  const { headers } = JSON.parse(await fetchText(page, "~/echo"));
  expect(headers.cookie).toBeUndefined();
  expect(headers.referer ?? "").not.toContain("name=spy");
});

test("a site gets at nothing of the page's origin", async ({ page, url }) => {
  await openSite(page, url);
  await page.evaluate(() => {
    document.cookie = "secret=1";
    localStorage.setItem("kept", "yes");
  });
  const tab = await page.context().newPage();
  await tab.goto(`${url}serves-site/~/evil`);
  await expect(tab).toHaveTitle("The script did not run");
  await page.locator("morgana-site iframe").evaluate((frame: HTMLIFrameElement) => {
    frame.src = "~/evil";
  });
  await expect(page.getByLabel("Address in the site")).toHaveText("/evil");
  const title = await page
    .locator("morgana-site iframe")
    .evaluate((frame: HTMLIFrameElement) => frame.contentDocument?.title);
  expect(title).toBe("The script did not run");
  expect(
    await page.evaluate(() => [document.cookie, localStorage.getItem("kept"), document.title]),
  ).toEqual(["secret=1", "yes", "The page around"]);
});

test("what a site asks for beside it does not reach the page's server", async ({ page, url }) => {
  await openSite(page, url);
  const reached: string[] = [];
  page.context().on("response", (response) => {
    const { pathname } = new URL(response.url());
    if (pathname.startsWith("/beside/") && !response.fromServiceWorker()) reached.push(pathname);
  });
  const frame = page.frameLocator("morgana-site iframe");
  // No listener of a document without scripts is called.
  const setPicture = async (src: string): Promise<void> => {
    const picture = frame.locator("#picture");
    await picture.evaluate((image: HTMLImageElement, given) => (image.src = given), src);
    await expect(picture).toHaveJSProperty("complete", true);
  };
  await page.locator("morgana-site iframe").evaluate((element: HTMLIFrameElement) => {
    element.src = "~/reaches-out";
  });
  await expect(frame.locator("h1")).toHaveText("It reaches out");
  await frame.getByRole("button", { name: "Act" }).click();
  await setPicture("/beside/later");
  // A service worker that the browser ended does not know whose the document is.
  const client = await page.context().newCDPSession(page);
  await client.send("ServiceWorker.enable");
  await client.send("ServiceWorker.stopAllWorkers");
  await setPicture("/beside/last");
  expect(reached).toEqual([]);
  await expect(frame.locator("h1")).toHaveText("It reaches out");
});

test("a form of another site does not act for who is logged in", async ({ page, url }) => {
  const frame = await openSite(page, url);
  await frame.getByRole("button", { name: "Log in" }).click();
  await expect(frame.locator("h1")).toHaveText("Come in");
  const form = (action: string): string =>
    `<form method="post" action="${action}"><button>Send</button></form>`;
  await page.locator("morgana-site iframe").evaluate((element: HTMLIFrameElement) => {
    element.src = "~/form-to-echo";
  });
  await frame.getByRole("button").click();
  await expect(frame.locator("body")).toContainText('"method":"POST"');
  const inside = JSON.parse(await frame.locator("body").innerText());
  expect(inside.headers).toMatchObject({
    origin: new URL(inside.url).origin,
    cookie: "session=s3cret",
  });
  const tab = await page.context().newPage();
  await tab.setContent(form(`${url}serves-site/~/echo`));
  await tab.getByRole("button").click();
  await expect(tab.locator("body")).toContainText('"method":"POST"');
  const { headers } = JSON.parse(await tab.locator("body").innerText());
  expect([headers.origin, headers.cookie]).toEqual(["null", undefined]);
});

test("bodies of any size stream both ways", async ({ page, url }) => {
  await openSite(page, url);
  const counts = await page.evaluate(async () => {
    const down = await fetch("~/big");
    let bytes = 0;
    for await (const chunk of down.body as ReadableStream<Uint8Array> & AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
    }
    const up = await fetch("~/size", { method: "POST", body: new Uint8Array(16 * 2 ** 20) });
    return [bytes, Number(await up.text())];
  });
  expect(counts).toEqual([64 * 2 ** 20, 16 * 2 ** 20]);
});

test("an answer shows while it is still coming, and stops when nobody reads", async ({
  page,
  url,
}) => {
  await openSite(page, url);
  const first = await page.evaluate(async () => {
    const { body } = await fetch("~/stream");
    const reader = body?.getReader();
    const chunk = await reader?.read();
    await reader?.cancel();
    return new TextDecoder().decode(chunk?.value);
  });
  expect(first).toBe("tick 1\n");
});

test("a request that is given up is given up at the unikernel", async ({ page, url }) => {
  await openSite(page, url);
  const error = await page.evaluate(async () => {
    const signal = AbortSignal.timeout(200);
    return fetch("~/never", { signal }).then(
      () => "answered",
      ({ name }: Error) => name,
    );
  });
  expect(error).toBe("TimeoutError");
  expect(await fetchText(page, "~/visits")).toBe("1");
});

test("two tabs of a site are served by the page that each came from", async ({ page, url }) => {
  await openSite(page, url, "?name=one");
  const other = await page.context().newPage();
  const frame = await openSite(other, url, "?name=two");
  await expect(frame.locator("h1")).toHaveText("two");
  await expect(page.frameLocator("morgana-site iframe").locator("h1")).toHaveText("one");
  // A frame's own documents stay with the page that the first came from.
  expect(await fetchText(page, "~/visits")).toBe("1");
  expect(await fetchText(page, "~/visits")).toBe("2");
  expect(await fetchText(other, "~/visits")).toBe("1");
});

test("a tab of the site's own works, until the page that serves it is closed", async ({
  page,
  url,
}) => {
  await openSite(page, url, "?name=alone");
  const tab = await page.context().newPage();
  await tab.goto(`${url}serves-site/~/`);
  await expect(tab.locator("h1")).toHaveText("alone");
  await page.close();
  await tab.reload();
  await expect(tab.locator("h1")).toHaveText("No page serves this site now");
  expect(await tab.evaluate(async () => (await fetch(location.href)).status)).toBe(503);
});

test("a unikernel that boots late is waited for", async ({ page, url }) => {
  const frame = await openSite(page, url, "?delay=1500");
  await expect(frame.locator("h1")).toHaveText("first");
});

test("a unikernel that is halted is a 504 that says so, and serves again when it is back", async ({
  page,
  url,
}) => {
  const frame = await openSite(page, url);
  const machine = new MachinePage(page);
  await machine.halt();
  await page.getByRole("button", { name: "Reload site" }).click();
  // It had connections open, which are not given up at once.
  await expect(frame.locator("h1")).toHaveText(/The unikernel does not answer/, {
    timeout: 30_000,
  });
  await page.getByRole("button", { name: "Restart" }).click();
  await machine.shows("first serves");
  await page.getByRole("button", { name: "Reload site" }).click();
  await expect(frame.locator("h1")).toHaveText("first", { timeout: 15_000 });
});

test("a page that is reloaded, by force too, serves its site again", async ({ page, url }) => {
  await openSite(page, url);
  await page.reload();
  const frame = page.frameLocator("morgana-site iframe");
  await expect(frame.locator("h1")).toHaveText("first", { timeout: 15_000 });
  const client = await page.context().newCDPSession(page);
  await client.send("Page.reload", { ignoreCache: true });
  await expect(frame.locator("h1")).toHaveText("first", { timeout: 15_000 });
});

test("a handler that throws is a 500 of the unikernel's", async ({ page, url }) => {
  await openSite(page, url);
  expect(await page.evaluate(async () => (await fetch("~/throws")).status)).toBe(500);
});

test("without service workers the page says so, and shows what is left", async ({ page, url }) => {
  await page.addInitScript(() => {
    Object.defineProperty(ServiceWorkerContainer.prototype, "register", {
      value: () => Promise.reject(new DOMException("The operation is insecure.", "SecurityError")),
    });
  });
  await page.goto(`${url}serves-site/`);
  await expect(page.getByRole("alert").filter({ hasText: "refuses a service worker" })).toBeVisible(
    { timeout: 15_000 },
  );
  await expect(page.frameLocator("morgana-site iframe").locator("h1")).toHaveText("first", {
    timeout: 15_000,
  });
  await new MachinePage(page).shows("first serves");
});
