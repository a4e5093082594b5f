// Finds the Chromium that the browser tests use, or installs one.

import { spawn, spawnSync } from "node:child_process";
import { accessSync, constants, existsSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";
import { exitCode, root, run, say } from "./step.mjs";

const variable = "MORGANA_BROWSER";
const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** What it is started with: Chromium refuses its sandbox to root. */
export const browserFlags = [
  ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
  "--disable-gpu",
];

/** A download that writes nothing for so long is given up. */
const stallMs = 45_000;

/** A whole download that takes longer is given up. */
const downloadMs = 10 * 60_000;

/**
 * Finds a browser that starts: the one that the environment variable names, else a Chromium or
 * Chrome on PATH, else Playwright's own.
 *
 * @returns {string | undefined} the path of its executable
 * @throws {Error} if the environment variable names something that does not start
 */
export function findBrowser() {
  const named = process.env[variable];
  if (named) {
    if (!isExecutable(named)) {
      throw new Error(
        `${variable} is ${named}, and there is no program there. Correct or unset it.`,
      );
    }
    if (!starts(named)) {
      throw new Error(`${variable} is ${named}, which does not start. Correct or unset it.`);
    }
    return named;
  }
  const onPath = (process.env.PATH ?? "")
    .split(delimiter)
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isUsable);
  return onPath ?? [playwrightBrowser()].find((path) => path !== undefined && isUsable(path));
}

/**
 * Finds a browser, or installs one and says how: Playwright's, else, as root on a Debian, the
 * package `chromium`.
 *
 * @returns {Promise<string>} the path of its executable
 * @throws {Error} what to do, if nothing worked
 */
export async function ensureBrowser() {
  const found = findBrowser();
  if (found) return found;

  say("There is no Chromium here: downloading Playwright's (npx playwright install chromium).");
  await downloadPlaywrightBrowser();
  const downloaded = findBrowser();
  if (downloaded) return downloaded;

  if (process.getuid?.() === 0 && isOnPath("apt-get")) {
    say("Playwright's Chromium does not work here: installing the package chromium (apt-get).");
    await installPackage();
    const installed = findBrowser();
    if (installed) return installed;
  }

  throw new Error(
    "Cannot run the browser tests: there is no Chromium that starts, and installing one failed " +
      `(see above). Install Chromium or Chrome, or set ${variable} to the path of one. If ` +
      "Playwright's was downloaded but does not start, `npx playwright install-deps chromium` as " +
      "root installs the libraries that it lacks.",
  );
}

/** Downloads Playwright's Chromium; gives up early where downloads hang instead of failing. */
async function downloadPlaywrightBrowser() {
  const child = spawn("playwright", ["install", "chromium", "--no-shell"], {
    cwd: root,
    env: { PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: "10000", ...process.env },
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, so that giving up stops the downloading grandchildren too.
    detached: true,
  });
  const giveUp = () => {
    const isRunning = child.exitCode === null && child.signalCode === null;
    if (child.pid !== undefined && isRunning) process.kill(-child.pid, "SIGKILL");
  };
  const interrupt = () => {
    giveUp();
    process.exit(130);
  };
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  const limit = setTimeout(giveUp, downloadMs);
  const stall = setTimeout(giveUp, stallMs);
  const show = withoutRepeats((line) => console.log(line));
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", () => stall.refresh());
    createInterface({ input: stream }).on("line", show);
  }
  await exitCode(child);
  clearTimeout(limit);
  clearTimeout(stall);
  process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
}

/**
 * Playwright tries five times, and says the same with a stack trace each time.
 *
 * @param {(line: string) => void} show
 * @returns {(line: string) => void}
 */
function withoutRepeats(show) {
  const seen = new Set([""]);
  return (line) => {
    const isDetail = /^[\s}]/.test(line);
    if (!isDetail && !seen.has(line)) show(line.replace(/ \{$/, ""));
    seen.add(line);
  };
}

/** Installs Debian's Chromium, which brings the libraries it needs. */
async function installPackage() {
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  const updated = await run("apt-get", ["update"], env);
  if (updated !== 0) return;
  await run("apt-get", ["install", "-y", "--no-install-recommends", "chromium"], env);
}

/** @returns {string | undefined} where Playwright keeps its Chromium, there or not */
function playwrightBrowser() {
  try {
    return createRequire(import.meta.url)("@playwright/test").chromium.executablePath();
  } catch {
    // Not installed, or not made for this system.
    return undefined;
  }
}

/** @param {string} path */
function isUsable(path) {
  return isExecutable(path) && starts(path);
}

/**
 * Some distributions put a script in the browser's place, and a downloaded one may lack libraries.
 *
 * @param {string} path
 */
function starts(path) {
  return spawnSync(path, ["--version"], { timeout: 20_000, stdio: "ignore" }).status === 0;
}

/** @param {string} name */
function isOnPath(name) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => existsSync(join(folder, name)));
}

/** @param {string} path */
function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
