/** The package as its users get it: packed, installed in an empty folder, used from there. */

import { execFile, spawn } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test as base } from "@playwright/test";
import { serveStatic } from "../scripts/serve-static.mjs";
import { MachinePage } from "./machine.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Shop {
  /** The packed package. */
  readonly tarball: string;
  /** The folder that a user began in, with the package installed. */
  readonly folder: string;
  /** What `morgana new` made there, with its packages installed. */
  readonly app: string;
}

/** Installing takes as long as the registry does. */
const installMs = 5 * 60_000;

const test = base.extend<object, { shop: Shop }>({
  shop: [
    // oxlint-disable-next-line no-empty-pattern -- how Playwright learns that it needs no fixture
    async ({}, use) => {
      const folder = realpathSync(mkdtempSync(join(tmpdir(), "morgana-package-")));
      // Without its scripts: the tests run on what is built, and others read it meanwhile.
      const packing = ["pack", "--ignore-scripts", "--json", "--pack-destination", folder];
      const [{ filename }] = JSON.parse(await run("npm", packing, root));
      const tarball = join(folder, basename(filename));
      writeFileSync(join(folder, "package.json"), '{ "private": true }\n');
      await install(folder, tarball);
      await run("npx", ["morgana", "new", "my-app"], folder);
      const app = join(folder, "my-app");
      // Instead of the version that it asks for, which may not be published.
      await install(app, "--save-dev", tarball);
      await use({ tarball, folder, app });
      rmSync(folder, { recursive: true, force: true });
    },
    { scope: "worker", timeout: installMs },
  ],
});

// One installation for all.
test.describe.configure({ mode: "serial", timeout: 120_000 });

/** Runs a program, and gives its standard output. */
function run(program: string, words: readonly string[], cwd: string): Promise<string> {
  // npm tells its scripts of the package that they belong to, which is not this one's here.
  const own = Object.entries(process.env).filter(
    ([name]) => !/^npm_(?:package|lifecycle)_/.test(name),
  );
  const env = Object.fromEntries(own);
  return new Promise((resolve, reject) => {
    execFile(program, words, { cwd, env, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const said = `${program} ${words.join(" ")}\n${stdout}${stderr}`;
      reject(new Error(said, { cause: error }));
    });
  });
}

async function install(folder: string, ...words: readonly string[]): Promise<void> {
  await run("npm", ["install", "--no-audit", "--no-fund", "--prefer-offline", ...words], folder);
}

/** The files of a folder, below it. */
function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)));
}

/** What the package offers to import, each file of a pattern too. */
function entryPoints(installed: string): string[] {
  const manifest = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
  const found: string[] = [];
  for (const [name, target] of Object.entries<string | { types: string }>(manifest.exports)) {
    if (name === "./package.json") continue;
    if (typeof target !== "string" || !name.includes("*")) {
      found.push(name);
      continue;
    }
    const [folder = "", end = ""] = target.split("*");
    for (const file of filesOf(join(installed, folder)).filter((each) => each.endsWith(end))) {
      found.push(name.replace("*", file.slice(0, -end.length)));
    }
  }
  return found.map((name) => name.replace(/^\./, "fata-morgana"));
}

test("the package holds what its users need, and nothing of this machine", ({ shop }) => {
  const installed = join(shop.folder, "node_modules/fata-morgana");
  const files = filesOf(installed);
  expect(files).toEqual(
    expect.arrayContaining(["LICENSE", "README.md", "package.json", "dist/page/morgana.js"]),
  );
  expect(
    files.filter((file) => /\.test\.|tsbuildinfo|^(?:test|e2e|examples|bench)\//.test(file)),
  ).toEqual([]);
  const local = [root, homedir()].filter((path) => path.length > 1 && path !== "/root");
  const telling = files.filter((file) => {
    const text = readFileSync(join(installed, file), "utf8");
    return local.some((path) => text.includes(path.replace(/\/$/, "")));
  });
  expect(telling).toEqual([]);
  expect(statSync(shop.tarball).size).toBeLessThan(2_600_000);
});

test("every source map of the package names files that are there", ({ shop }) => {
  const installed = join(shop.folder, "node_modules/fata-morgana");
  const missing = filesOf(join(installed, "dist")).flatMap((file) => {
    if (!file.endsWith(".map") || file.startsWith("page/")) return [];
    const path = join(installed, "dist", file);
    const { sources } = JSON.parse(readFileSync(path, "utf8")) as { sources: string[] };
    return sources.filter((source) => !existsSync(join(dirname(path), source)));
  });
  expect(missing).toEqual([]);
});

test("a new project has sound types, and runs in a terminal", async ({ shop }) => {
  await run("npm", ["run", "check"], shop.app);
  const words = ["run", "--silent", "node", "--", "--name=you"];
  expect(await run("npm", words, shop.app)).toBe("Hello, you!\n");
  // The installed command, not this repository's.
  expect(realpathSync(join(shop.app, "node_modules/.bin/morgana"))).toContain(shop.app);
});

test("a new project is built, and boots in a browser", async ({ shop, page }) => {
  await run("npm", ["run", "build"], shop.app);
  const server = await serveStatic({ directory: join(shop.app, "dist"), base: "/some/where/" });
  try {
    const machine = await MachinePage.open(page, `${server.url}my-app/?name=browser`);
    expect(await machine.exited()).toBe(0);
    expect(await machine.text()).toBe("Hello, browser!\n");
    await expect(page.locator(".xterm-rows")).toContainText("Hello, browser!");
    await page.goto(server.url);
    await expect(page.getByRole("link", { name: "my-app" })).toBeVisible();
  } finally {
    await server.close();
  }
});

test("a new website is served to a browser by its page, and by one file on Node", async ({
  shop,
  page,
}) => {
  await run("npx", ["morgana", "new", "my-site", "--template", "website"], shop.folder);
  const project = join(shop.folder, "my-site");
  await install(project, "--save-dev", shop.tarball);
  await run("npm", ["run", "check"], project);
  await run("npm", ["run", "build"], project);
  const server = await serveStatic({ directory: join(project, "dist"), base: "/some/where/" });
  try {
    await page.goto(server.url);
    const frame = page.frameLocator("morgana-site iframe");
    await expect(frame.locator("h1")).toHaveText("my-site", { timeout: 15_000 });
    await expect(frame.locator("main")).toHaveCSS("max-width", /px$/);
  } finally {
    await server.close();
  }

  await run("npm", ["run", "build:node"], project);
  const alone = join(shop.folder, "my-site.mjs");
  copyFileSync(join(project, "dist-node/my-site.mjs"), alone);
  const child = spawn(process.execPath, [alone, "--port=17081"], { cwd: shop.folder });
  try {
    await expect
      .poll(() =>
        fetch("http://127.0.0.1:17081/").then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
    await page.goto("http://127.0.0.1:17081/");
    await expect(page.locator("h1")).toHaveText("my-site");
  } finally {
    child.kill();
  }
});

test("somebody else's driver is held to the laws in a few lines", async ({ shop }) => {
  const lines = [
    'import { test } from "node:test";',
    'import { randomLaws } from "fata-morgana/conformance";',
    'import { connect } from "fata-morgana/platform-node/random";',
    "const subject = { connect: async () => connect() };",
    "for (const law of randomLaws(subject)) test(law.name, () => law.run());",
    "",
  ];
  writeFileSync(join(shop.app, "random.test.mjs"), lines.join("\n"));
  const report = await run("node", ["--test", "--test-reporter=tap", "random.test.mjs"], shop.app);
  expect(report).toMatch(/# pass [1-9]/);
  expect(report).toContain("# fail 0");
});

for (const [module, moduleResolution] of [
  ["ESNext", "bundler"],
  ["NodeNext", "nodenext"],
] as const) {
  test(`types of every entry point are found, as ${moduleResolution} looks for them`, async ({
    shop,
  }) => {
    const names = entryPoints(join(shop.app, "node_modules/fata-morgana"));
    expect(names).toEqual(
      expect.arrayContaining([
        "fata-morgana/devices",
        "fata-morgana/elements",
        "fata-morgana/net/ethernet/switch",
        "fata-morgana/platform-node/block-file",
      ]),
    );
    const folder = join(shop.app, moduleResolution);
    mkdirSync(folder);
    const compilerOptions = {
      target: "ES2023",
      lib: ["ESNext", "DOM", "DOM.Iterable"],
      types: [],
      module,
      moduleResolution,
      strict: true,
      noEmit: true,
      skipLibCheck: true,
    };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions }));
    const lines = names.flatMap((name, index) => [
      `import type * as entry${index} from "${name}";`,
      // An entry point without types would be of type any.
      `export const typed${index}: 0 extends 1 & typeof entry${index} ? never : true = true;`,
    ]);
    lines.push(
      'import type { Block } from "fata-morgana/devices";',
      'import { connect } from "fata-morgana/platform-node/block-file";',
      "// @ts-expect-error -- a disk has sectors",
      'export const disk: Promise<Block> = connect({ path: "disk.img" });',
    );
    writeFileSync(join(folder, "entries.mts"), `${lines.join("\n")}\n`);
    await run("npx", ["tsc", "--project", moduleResolution], shop.app);
  });
}
