import { once } from "node:events";
import { expect } from "@playwright/test";
import { WebSocket } from "ws";
import { example, test } from "./command.ts";
import { freePort } from "./free-port.ts";
import { MachinePage } from "./machine.ts";

test("websocket-chat: three talk through a server of the page", async ({ page }) => {
  await page.goto("websocket-chat/");
  const [server, alice, bob, carol] = [0, 1, 2, 3].map((index) => new MachinePage(page, index));
  if (!server || !alice || !bob || !carol) throw new Error("There are no four unikernels");
  for (const [name, each] of Object.entries({ alice, bob, carol })) {
    await each.shows(`* Welcome, ${name};`);
    await server.shows(`${name} joined`);
  }
  await alice.type("Hello, you two!\r");
  for (const each of [bob, carol]) await each.shows("alice: Hello, you two!");
  await bob.type("Grüße\r");
  for (const each of [alice, carol]) await each.shows("bob: Grüße");
  expect(await bob.text()).not.toContain("bob: ");
  await carol.type("\u0004");
  expect(await carol.exited()).toBe(0);
  for (const each of [alice, bob]) await each.shows("* carol left");
  await server.shows("carol left");
  expect(await server.halt()).toBe(0);
  for (const each of [alice, bob]) {
    expect(await each.exited()).toBe(0);
    expect(await each.text()).toContain("The chat has ended: The chat is over");
  }
});

test("websocket-chat: on Node, ws talks with a unikernel through another", async ({ start }) => {
  const port = await freePort();
  const words = ["run", example("websocket-chat"), `--port=${port}`];
  const server = start(words);
  await server.shows(`Chat on port ${port}`);
  const dave = start([...words, "--connect=localhost", "--name=dave"], { typing: true });
  await dave.shows("* Welcome, dave; nobody else is here");
  const eve = new WebSocket(`ws://127.0.0.1:${port}/?name=eve`);
  const heard: string[] = [];
  eve.on("message", (data: Buffer) => heard.push(data.toString()));
  await dave.shows("* eve joined");
  eve.send("Hello from ws");
  await dave.shows("eve: Hello from ws");
  dave.type("and from Node\n");
  await expect.poll(() => heard).toEqual(["* Welcome, eve; dave is here", "dave: and from Node"]);
  const closed = once(eve, "close");
  server.kill("SIGTERM");
  const [code, reason] = await closed;
  expect([code, String(reason)]).toEqual([1001, "The chat is over"]);
  await dave.shows("The chat has ended: The chat is over");
  expect((await dave.ended).code).toBe(0);
});
