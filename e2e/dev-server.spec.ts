import { join } from "node:path";
import type { Page } from "@playwright/test";
import { expect, test as base } from "@playwright/test";
import { serve } from "./dev-server.ts";
import { configOf, emptyTsconfig, scratchProject, tsconfig, unikernelSaying } from "./scratch.ts";

/** A project that a test changes while it is served. */
interface Project {
  readonly url: string;
  /** What the terminal shows in red. */
  readonly errors: readonly string[];
  /** What the terminal says beside it. */
  readonly notes: readonly string[];
  write(file: string, text: string): void;
  remove(path: string): void;
}

const config = configOf("alpha");

const test = base.extend<{ project: Project; typed: boolean }>({
  typed: [true, { option: true }],
  project: async ({ typed }, use) => {
    using scratch = scratchProject({
      "tsconfig.json": typed ? tsconfig : emptyTsconfig,
      "served/alpha/config.ts": config,
      "served/alpha/unikernel.ts": unikernelSaying("one"),
    });
    const server = await serve(join(scratch.root, "served"));
    await use({
      url: server.url,
      errors: server.errors,
      notes: server.notes,
      write: (file, text) => scratch.write(join("served", file), text),
      remove: (path) => scratch.remove(join("served", path)),
    });
    await server.close();
  },
});

/** Patient: a check of types may have to share the machine. */
const soon = { timeout: 15_000 };

/** Waits until the page's overlay and the terminal show a place, and what is wrong there. */
async function shows(page: Page, project: Project, place: string, message: string): Promise<void> {
  const overlay = page.locator("vite-error-overlay .window");
  await expect(overlay).toContainText(place, soon);
  await expect(overlay).toContainText(message, soon);
  const told = project.errors.filter((text) => text.includes(place) && text.includes(message));
  expect(told.length, project.errors.join("\n")).toBe(1);
}

/** Waits until a unikernel on the page, which may reload meanwhile, has said this and no more. */
async function says(page: Page, word: string): Promise<void> {
  await expect(page.getByRole("log")).toHaveText(word, soon);
}

async function isMended(page: Page, word: string): Promise<void> {
  await says(page, word);
  await expect(page.locator("vite-error-overlay")).toHaveCount(0, soon);
}

test("a change of a unikernel or of its configuration boots it anew", async ({ page, project }) => {
  await page.goto(`${project.url}alpha/`);
  await says(page, "one");
  project.write("alpha/unikernel.ts", unikernelSaying("two"));
  await says(page, "two");
  project.write("alpha/config.ts", config.replace("Says one word", "Says another word"));
  await expect(page.getByText("Says another word")).toBeVisible();
  await says(page, "two");
  expect(project.errors).toEqual([]);
});

test("a change of a file that was compiled in boots it anew, and so does a new one", async ({
  page,
  project,
}) => {
  project.write("../files/one.txt", "first");
  project.write(
    "alpha/config.ts",
    `import { compiledFiles, defaultConsole, unikernel } from "fata-morgana/config";
const files = compiledFiles("files", () => import("../../files?files"));
export default unikernel("alpha", () => import("./unikernel.ts"), [defaultConsole, files]);
`,
  );
  project.write(
    "alpha/unikernel.ts",
    `import type { Console, KeyValueRead } from "fata-morgana/devices";
export async function start(console: Console, files: KeyValueRead): Promise<void> {
  const said: string[] = [];
  for (const { name, kind } of (await files.list([])) ?? []) {
    if (kind === "value") said.push(name, String.fromCharCode(...((await files.get([name])) ?? [])));
  }
  await console.writeLine(said.join(" "));
}
`,
  );
  await page.goto(`${project.url}alpha/`);
  await says(page, "one.txt first");
  project.write("../files/one.txt", "second");
  await says(page, "one.txt second");
  project.write("../files/deep/LICENSE", "");
  project.write("../files/TWO", "third");
  await says(page, "TWO third one.txt second");
  expect(project.errors).toEqual([]);
});

test("a change of a file outside the served folder boots what imports it anew", async ({
  page,
  project,
}) => {
  project.write("../shared/word.ts", 'export const word = "near";\n');
  project.write(
    "alpha/unikernel.ts",
    `import { word } from "../../shared/word.ts";\n${unikernelSaying("x").replace('"x"', "word")}`,
  );
  await page.goto(`${project.url}alpha/`);
  await says(page, "near");
  project.write("../shared/word.ts", 'export const word = "far";\n');
  await says(page, "far");
  project.write("../shared/word.ts", "export const word = ;\n");
  await shows(page, project, "shared/word.ts:1:21", "Unexpected token");
  project.write("../shared/word.ts", 'export const word = "back";\n');
  await isMended(page, "back");
});

test("the gallery shows a unikernel that comes, and not one that goes", async ({
  page,
  project,
}) => {
  await page.goto(project.url);
  await expect(page.getByRole("heading", { level: 2 })).toHaveText([
    "alpha",
    "Disks in this browser",
  ]);
  project.write("beta/unikernel.ts", unikernelSaying("beta"));
  project.write("beta/config.ts", configOf("beta"));
  await expect(page.getByRole("link", { name: "beta" })).toBeVisible();
  project.remove("alpha");
  await expect(page.getByRole("link", { name: "alpha" })).toHaveCount(0);
  await page.getByRole("link", { name: "beta" }).click();
  await says(page, "beta");
});

test("a configuration that goes missing is said to, and its page comes back with it", async ({
  page,
  project,
}) => {
  await page.goto(`${project.url}alpha/`);
  await says(page, "one");
  project.remove("alpha/config.ts");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText(
    "There is no unikernel at /alpha/",
  );
  project.write("alpha/config.ts", config);
  await isMended(page, "one");
});

const brokenConfigs = [
  {
    what: "throws",
    text: 'const port: number = 7;\n\nif (port < 1024) throw new RangeError("too low a port");\nexport default port;\n',
    place: "alpha/config.ts:3:",
    message: "too low a port",
  },
  {
    what: "exports nothing",
    text: "\nexport const answer = 42;\n",
    place: "alpha/config.ts:1:1",
    message: "has no default export",
  },
  {
    what: "exports something else",
    text: "\n\nexport default 42;\n",
    place: "alpha/config.ts:3:1",
    message: "exports something else",
  },
  {
    what: "does not parse",
    text: "export const a = 1;\nexport default unikernel(;\n",
    place: "alpha/config.ts:2:26",
    message: "Unexpected token",
  },
  {
    what: "imports what is not there",
    text: `import { nothing } from "./nothing.ts";\n${config}\nexport { nothing };\n`,
    place: "alpha/config.ts:1:25",
    message: "Could not resolve './nothing.ts'",
  },
  {
    what: "gives a name that no URL can have",
    text: config.replace('"alpha"', '"Al pha"'),
    place: "alpha/config.ts:3:1",
    message: 'Cannot name a unikernel "Al pha"',
  },
];

test.describe("without types", () => {
  test.use({ typed: false });

  for (const { what, text, place, message } of brokenConfigs) {
    test(`a configuration that ${what} is shown at its own line, until it is mended`, async ({
      page,
      project,
    }) => {
      await page.goto(`${project.url}alpha/`);
      await says(page, "one");
      const gallery = await page.context().newPage();
      await gallery.goto(project.url);
      await expect(gallery.getByText("Says one word")).toBeVisible();
      project.write("alpha/config.ts", text);
      await shows(page, project, place, message);
      const card = gallery.getByRole("listitem").filter({ hasText: message });
      await expect(card).toContainText(place.replace("alpha/", ""), soon);
      await expect(gallery.locator("vite-error-overlay")).toHaveCount(0);
      project.write("alpha/config.ts", config);
      await isMended(page, "one");
      await expect(gallery.getByText("Says one word")).toBeVisible(soon);
    });
  }

  test("a unikernel that does not parse is shown at its own line, until it is mended", async ({
    page,
    project,
  }) => {
    await page.goto(`${project.url}alpha/`);
    await says(page, "one");
    project.write("alpha/unikernel.ts", "export function start(): void {\n  const x = ;\n}\n");
    await shows(page, project, "alpha/unikernel.ts:2:13", "Unexpected token");
    await expect(page.getByRole("log")).toContainText("unikernel.ts:2:13: Unexpected token");
    await expect(page.getByRole("status")).toHaveText("failed with code 255");
    project.write("alpha/unikernel.ts", unikernelSaying("three"));
    await isMended(page, "three");
  });

  test("an import that leads nowhere is shown at its own line, until the file is there", async ({
    page,
    project,
  }) => {
    project.write("alpha/unikernel.ts", `import "../later.ts";\n${unikernelSaying("four")}`);
    await page.goto(`${project.url}alpha/`);
    await shows(page, project, "alpha/unikernel.ts:1:8", "Could not resolve '../later.ts'");
    project.write("later.ts", "export {};\n");
    await isMended(page, "four");
  });

  test("that types are not checked is said once, and why", async ({ page, project }) => {
    await page.goto(`${project.url}alpha/`);
    const said = () => project.notes.filter((text) => text.startsWith("Types are not checked: "));
    await expect.poll(said).toHaveLength(1);
    for (const word of ["five", "six"]) {
      project.write("alpha/unikernel.ts", unikernelSaying(word));
      await says(page, word);
      // A check begins when files have rested for a tenth of a second.
      await page.waitForTimeout(300);
    }
    expect(said()).toHaveLength(1);
  });
});

test("devices that do not match start are shown at the line of the configuration", async ({
  page,
  project,
}) => {
  await page.goto(`${project.url}alpha/`);
  await isMended(page, "one");
  project.write("alpha/config.ts", config.replaceAll("defaultConsole", "defaultClock"));
  await shows(page, project, "alpha/config.ts:3:41", "is not assignable to");
  project.write("alpha/config.ts", config);
  await isMended(page, "one");
});

test("a change of one unikernel leaves the pages of the others alone", async ({
  page,
  project,
}) => {
  project.write("beta/config.ts", configOf("beta"));
  project.write("beta/unikernel.ts", unikernelSaying("beta"));
  await page.goto(`${project.url}alpha/`);
  await says(page, "one");
  await page.evaluate(() => document.body.classList.add("old"));
  const other = await page.context().newPage();
  await other.goto(`${project.url}beta/`);
  project.write("beta/unikernel.ts", unikernelSaying("new beta"));
  await says(other, "new beta");
  await expect(page.locator("body.old")).toHaveCount(1);
});

test("a type error shows on the pages of its own unikernels only", async ({ page, project }) => {
  project.write("beta/config.ts", configOf("beta"));
  project.write(
    "beta/unikernel.ts",
    `${unikernelSaying("beta")}export const no: number = "a string";\n`,
  );
  await page.goto(`${project.url}beta/`);
  await shows(page, project, "beta/unikernel.ts:6:14", "Type 'string' is not assignable");
  await says(page, "beta");
  await page.goto(`${project.url}alpha/`);
  await isMended(page, "one");
});

test("an overlay that was closed stays closed", async ({ page, project }) => {
  project.write(
    "alpha/unikernel.ts",
    `${unikernelSaying("one")}export const no: number = "a string";\n`,
  );
  await page.goto(`${project.url}alpha/`);
  await expect(page.locator("vite-error-overlay")).toHaveCount(1, { timeout: 15_000 });
  await page.keyboard.press("Escape");
  await expect(page.locator("vite-error-overlay")).toHaveCount(0);
  // Another unikernel's problem is told to this page too, and changes nothing here.
  project.write("beta/config.ts", "export {};\n");
  await page.context().request.get(`${project.url}beta/`);
  await expect.poll(() => project.errors.join("\n")).toContain("beta/config.ts:1:1");
  await expect(page.locator("vite-error-overlay")).toHaveCount(0);
});
