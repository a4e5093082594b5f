import { defineConfig, type ReporterDescription } from "@playwright/test";
import { devPort, devUrl, staticBase, staticPort, staticUrl } from "./e2e/servers.ts";
import { browserFlags, findBrowser } from "./scripts/browser.mjs";

// Found once: Playwright's workers load this file again, and inherit the variable.
const browser = (process.env["MORGANA_BROWSER"] ??= findBrowser() ?? "");
if (browser === "") throw new Error("There is no Chromium here. `npm test` installs one.");

const readable: ReporterDescription = [process.stdout.isTTY ? "list" : "line"];

export default defineConfig({
  testDir: "e2e",
  forbidOnly: true,
  fullyParallel: true,
  workers: 2,
  // `npm test` names a file for a report that it can count.
  reporter: process.env["PLAYWRIGHT_JSON_OUTPUT_FILE"] ? [readable, ["json"]] : [readable],
  use: {
    baseURL: devUrl,
    trace: "retain-on-failure",
    launchOptions: {
      executablePath: browser,
      args: [
        ...browserFlags,
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
      ],
    },
  },
  webServer: [
    {
      name: "dev",
      command: `node dist/cli/index.js dev examples --port ${devPort} --strict-port`,
      url: devUrl,
      stdout: "ignore",
    },
    {
      name: "static",
      command: `node scripts/serve-static.mjs site --port ${staticPort} --base ${staticBase}`,
      url: staticUrl,
      stdout: "ignore",
    },
  ],
});
