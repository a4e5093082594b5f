/** Finding and installing a browser, with programs that only claim to be what they are named. */

import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { ensureBrowser, findBrowser } from "../scripts/browser.mjs";

/** A program that starts. */
const works = "exit 0";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "morgana-browser-"));
  vi.stubEnv("PATH", folder);
  vi.stubEnv("MORGANA_BROWSER", undefined);
  // Playwright reads it once, when it is loaded: nothing is ever there.
  vi.stubEnv("PLAYWRIGHT_BROWSERS_PATH", "/nowhere");
});

afterEach(() => {
  vi.unstubAllEnvs();
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** Makes a program of a few lines for the shell, and gives its path. */
function program(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

/** What writes a program of that name, as an installer does. */
function installs(name: string): string {
  const path = join(folder, name);
  return `printf '#!/bin/sh\\nexit 0\\n' > ${path} && /bin/chmod 755 ${path}`;
}

/** Collects what is said on standard output. */
function listen(): readonly string[] {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line.trim()));
  return lines;
}

describe("findBrowser", () => {
  test("findBrowser() gives the program that the variable names, before one on PATH", () => {
    program("chromium", works);
    const named = program("my-browser", works);
    vi.stubEnv("MORGANA_BROWSER", named);
    expect(findBrowser()).toBe(named);
  });

  test("findBrowser() throws, when the variable names nothing", () => {
    vi.stubEnv("MORGANA_BROWSER", join(folder, "absent"));
    expect(() => findBrowser()).toThrow(/^MORGANA_BROWSER is .*absent, and there is no program/);
  });

  test("findBrowser() throws, when the variable names a folder", () => {
    vi.stubEnv("MORGANA_BROWSER", folder);
    expect(() => findBrowser()).toThrow("there is no program there");
  });

  test("findBrowser() throws, when the variable names what does not start", () => {
    vi.stubEnv("MORGANA_BROWSER", program("broken", "exit 1"));
    expect(() => findBrowser()).toThrow(/broken, which does not start\. Correct or unset it\.$/);
  });

  test("findBrowser() goes on to the next on PATH, when one does not start", () => {
    program("chromium", "echo 'install the snap instead' >&2; exit 1");
    const chrome = program("google-chrome", works);
    expect(findBrowser()).toBe(chrome);
  });

  test("findBrowser() gives undefined, when there is none", () => {
    expect(findBrowser()).toBeUndefined();
  });
});

describe("ensureBrowser", () => {
  test("ensureBrowser() says nothing and installs nothing, when there is one", async () => {
    const chromium = program("chromium", works);
    const lines = listen();
    expect(await ensureBrowser()).toBe(chromium);
    expect(lines).toEqual([]);
  });

  test("ensureBrowser() installs the package as root, when the download fails", async () => {
    program("playwright", "exit 1");
    program("apt-get", `[ "$1" = update ] || { ${installs("chromium")}; }`);
    vi.spyOn(process, "getuid").mockReturnValue(0);
    const lines = listen();
    expect(await ensureBrowser()).toBe(join(folder, "chromium"));
    expect(lines.join("\n")).toContain("installing the package chromium (apt-get)");
  });

  test("ensureBrowser() rejects with the remedy, when it is not root and the download fails", async () => {
    program("playwright", "exit 1");
    program("apt-get", installs("chromium"));
    vi.spyOn(process, "getuid").mockReturnValue(1000);
    listen();
    await expect(ensureBrowser()).rejects.toThrow(
      /^Cannot run the browser tests: .* or set MORGANA_BROWSER to the path of one\./,
    );
  });

  test("ensureBrowser() rejects, when the package cannot be installed", async () => {
    program("playwright", "exit 1");
    program("apt-get", "exit 100");
    vi.spyOn(process, "getuid").mockReturnValue(0);
    listen();
    await expect(ensureBrowser()).rejects.toThrow("Cannot run the browser tests");
  });

  test("ensureBrowser() shows what a failing download says once, without stack traces", async () => {
    const says = "Error: not found {\\n    at lookup (dns:1)\\n  code: 1\\n}\\n";
    program("playwright", `printf '${says}${says}' >&2; echo Failed; exit 1`);
    vi.spyOn(process, "getuid").mockReturnValue(1000);
    const lines = listen();
    await expect(ensureBrowser()).rejects.toThrow();
    expect(lines.slice(1).toSorted()).toEqual(["Error: not found", "Failed"]);
  });
});
