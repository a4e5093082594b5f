import { expect, type Page } from "@playwright/test";
import { example, test } from "./command.ts";
import { freePort } from "./free-port.ts";
import { MachinePage } from "./machine.ts";

interface Machines {
  readonly proxy: MachinePage;
  readonly client: MachinePage;
  readonly anna: MachinePage;
}

async function open(page: Page): Promise<Machines> {
  await page.goto("reverse-proxy/");
  const machines = {
    proxy: new MachinePage(page, 0),
    client: new MachinePage(page, 1),
    anna: new MachinePage(page, 2),
  };
  await machines.proxy.shows("Serving on port 80 of 10.0.0.1/24");
  return machines;
}

test("reverse-proxy: goes on with the other server when one is halted, and takes it back", async ({
  page,
}) => {
  test.slow();
  const { proxy, client, anna } = await open(page);
  await client.shows(/: Anna, [^]*: Bert, /);
  const servers = page.getByRole("list", { name: "Servers" }).getByRole("listitem");
  await expect(servers).toHaveCount(2);
  for (const [index, name] of ["Anna", "Bert"].entries()) {
    await expect(servers.nth(index)).toContainText(name);
    await expect(servers.nth(index)).toContainText("up");
  }
  await expect(servers.filter({ hasText: "next" })).toHaveCount(1);

  expect(await anna.halt()).toBe(0);
  await expect(servers.nth(0)).toContainText("down", { timeout: 15_000 });
  await expect(page.getByRole("status").filter({ hasText: "is down" })).toHaveText("Anna is down");
  await expect(servers.filter({ hasText: "next" })).toContainText("Bert");
  const before = await client.text();
  await expect.poll(() => answersSince(client, before)).toBeGreaterThan(3);
  expect((await client.text()).slice(before.length)).not.toContain("Anna");
  // Nobody was told that anything is wrong.
  expect(await client.text()).not.toMatch(/: 50\d/);

  await anna.element.evaluate((element) =>
    (element as unknown as { restart(): unknown }).restart(),
  );
  await expect(servers.nth(0)).toContainText("up", { timeout: 15_000 });
  const back = await client.text();
  await expect
    .poll(async () => (await client.text()).slice(back.length), { timeout: 10_000 })
    .toContain("Anna");
  expect(await proxy.halt()).toBe(0);
  await client.shows(/refused|Cannot connect|timed/);
  expect(await client.halt()).toBe(0);
});

async function answersSince(client: MachinePage, before: string): Promise<number> {
  return (await client.text()).slice(before.length).split("\n").length;
}

test("reverse-proxy: the browser is a client, too", async ({ page }) => {
  await open(page);
  const frame = page.frameLocator("morgana-site iframe");
  await expect(frame.getByRole("heading", { level: 1 })).toHaveText(/^(?:Anna|Bert) answers$/, {
    timeout: 15_000,
  });
  await expect(frame.locator("p")).toContainText("it is for 10.0.0.254");
});

test("reverse-proxy: on Node, between a browser and two servers", async ({ page, start }) => {
  const [one, two, port] = [await freePort(), await freePort(), await freePort()];
  const words = ["run", example("reverse-proxy")];
  const anna = start([...words, "--name=Anna", `--port=${one}`]);
  const bert = start([...words, "--name=Bert", `--port=${two}`]);
  await anna.shows("I am Anna");
  await bert.shows("I am Bert");
  const servers = `--servers=127.0.0.1:${one},127.0.0.1:${two}`;
  const proxy = start([...words, servers, `--port=${port}`]);
  await proxy.shows(`Serving on port ${port}`);
  anna.kill("SIGTERM");
  await anna.ended;
  await page.goto(`http://127.0.0.1:${port}/`);
  await expect(page.getByRole("heading")).toHaveText("Bert answers");
  await page.reload();
  await expect(page.getByRole("heading")).toHaveText("Bert answers");
  await expect(page.locator("p")).toContainText("it is for 127.0.0.1");
  proxy.kill("SIGTERM");
  expect(await proxy.ended).toMatchObject({ code: 0 });
});
