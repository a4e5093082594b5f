import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { MachinePage } from "./machine.ts";

function versionOf(manifest: string): string {
  const url = new URL(`../${manifest}`, import.meta.url);
  return (JSON.parse(readFileSync(url, "utf8")) as { version: string }).version;
}

test("app-info names its version, devices and the packages linked in", async ({ page }) => {
  const machine = await MachinePage.open(page, "app-info/");
  expect(await machine.exited()).toBe(0);
  expect(await machine.text()).toBe(`name: app-info
version: 1.0.0
target: browser
devices:
  console: Console
  clock: Clock
packages linked in:
  comlink ${versionOf("node_modules/comlink/package.json")}
  fata-morgana ${versionOf("package.json")}
`);
});
