import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { expect, test } from "@playwright/test";
import { build, createServer } from "vite";
import { serveStatic } from "../scripts/serve-static.mjs";
import { serve } from "./dev-server.ts";
import { MachinePage } from "./machine.ts";
import { configOf, emptyTsconfig, scratchProject, tsconfig, unikernelSaying } from "./scratch.ts";

const command = fileURLToPath(new URL("../dist/cli/index.js", import.meta.url));

/** Runs `morgana build` in a project, as its own command line does. */
async function runBuild(root: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [command, "build"], { cwd: root });
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await ended, output: out + errors };
}

const sound = {
  "tsconfig.json": tsconfig,
  "alpha/config.ts": configOf("alpha"),
  "alpha/unikernel.ts": unikernelSaying("one"),
};

const broken = [
  {
    what: "a configuration that throws",
    files: { "alpha/config.ts": "\nthrow new Error('not today');\n" },
    says: ["alpha/config.ts:2:7: not today"],
  },
  {
    what: "a configuration that exports nothing",
    files: { "alpha/config.ts": "export {};\n" },
    says: ["alpha/config.ts:1:1: alpha/config.ts has no default export"],
  },
  {
    what: "a unikernel that does not parse",
    files: { "alpha/unikernel.ts": "\nexport function start( {}\n" },
    says: ["alpha/unikernel.ts:2:27: "],
  },
  {
    what: "devices that do not match start",
    files: { "alpha/config.ts": configOf("alpha").replaceAll("defaultConsole", "defaultClock") },
    says: ["alpha/config.ts:3:41: TS2322: "],
  },
  {
    what: "two unikernels with a mistake each",
    files: {
      "alpha/unikernel.ts": `${unikernelSaying("one")}export const no: number = "a string";\n`,
      "beta/config.ts": configOf("beta"),
      "beta/unikernel.ts": unikernelSaying("two").replace("console.writeLine", "console.writeLin"),
    },
    says: ["alpha/unikernel.ts:6:14: TS2322: ", "beta/unikernel.ts:4:17: TS2551: "],
  },
];

for (const { what, files, says } of broken) {
  test(`a build refuses ${what}, and says where`, async () => {
    using project = scratchProject({ ...sound, ...files });
    const { code, output } = await runBuild(project.root);
    expect(code, output).toBe(1);
    for (const each of says) expect(output).toContain(each);
    expect(existsSync(join(project.root, "dist"))).toBe(false);
  });
}

test("a build without a compiler's configuration says so, and builds", async () => {
  using project = scratchProject({ ...sound, "tsconfig.json": emptyTsconfig });
  const { code, output } = await runBuild(project.root);
  expect(code, output).toBe(0);
  expect(output).toContain("Types are not checked: ");
});

test("a build refuses a unikernel with the name of a file of the site", async () => {
  using project = scratchProject({
    ...sound,
    "morgana.css/config.ts": configOf("alpha"),
    "morgana.css/unikernel.ts": unikernelSaying("one"),
  });
  const { code, output } = await runBuild(project.root);
  expect(code, output).toBe(1);
  expect(output).toContain('the site has a file "morgana.css" of its own');
});

test("a page holds what its page.html says, built and served", async ({ page }) => {
  using project = scratchProject({
    ...sound,
    "alpha/page.html": `<style>#mine { color: rgb(1, 2, 3) }</style>
<p id="mine">Mine</p>
<morgana-unikernel src="./"></morgana-unikernel>
<script type="module">
  document.querySelector("#mine").textContent += " alone";
</script>
`,
  });
  const holds = async (url: string): Promise<void> => {
    const machine = await MachinePage.open(page, `${url}alpha/`);
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("alpha");
    await expect(page.locator("#mine")).toHaveText("Mine alone");
    await expect(page.locator("#mine")).toHaveCSS("color", "rgb(1, 2, 3)");
    await machine.shows("one\n");
  };
  expect((await runBuild(project.root)).code).toBe(0);
  const built = await serveStatic({ directory: join(project.root, "dist"), base: "/a/b/" });
  await holds(built.url);
  await built.close();

  const server = await serve(project.root);
  await holds(server.url);
  project.write("alpha/page.html", `<p id="mine">Mine, later</p>`);
  await expect(page.locator("#mine")).toHaveText("Mine, later");
  await server.close();
});

/** A site of somebody's own, with unikernels in a folder of it, below a path. */
const ownSite = {
  ...sound,
  "vite.config.ts": `import { defineConfig } from "vite";
import { morgana } from "fata-morgana/vite";

export default defineConfig({ base: "/x/", plugins: [morgana()] });
`,
  "index.html": `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <title>Somebody</title>
    <script type="module" src="./morgana.js"></script>
  </head>
  <body>
    <h1>Somebody's own page</h1>
    <morgana-unikernel src="./alpha/"></morgana-unikernel>
  </body>
</html>
`,
};

test("the plugin serves from a site's own configuration, below its base", async ({ page }) => {
  using project = scratchProject(ownSite);
  const server = await createServer({
    root: project.root,
    configFile: join(project.root, "vite.config.ts"),
    logLevel: "silent",
    server: { port: 0, host: "127.0.0.1" },
  });
  await server.listen();
  const url = server.resolvedUrls?.local[0] ?? "";
  expect(new URL(url).pathname).toBe("/x/");
  const embedded = await MachinePage.open(page, url);
  await embedded.shows("one\n");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Somebody's own page");
  const own = await MachinePage.open(page, `${url}alpha?a=b`);
  await expect(page).toHaveURL(`${url}alpha/?a=b`);
  await own.shows("--a");
  await page.goto(`${url}nobody/`);
  await page.getByRole("link", { name: "alpha" }).click();
  await expect(page.getByRole("log")).toHaveText("one");
  project.write("alpha/unikernel.ts", "export const broken = ;\n");
  const overlay = page.locator("vite-error-overlay .window");
  await expect(overlay).toContainText("alpha/unikernel.ts:1:23", { timeout: 15_000 });
  project.write("alpha/unikernel.ts", unikernelSaying("two"));
  await expect(page.getByRole("log")).toHaveText("two", { timeout: 15_000 });
  await expect(overlay).toHaveCount(0);
  await server.close();
});

test("the plugin builds from a site's own configuration, below its base", async ({ page }) => {
  using project = scratchProject(ownSite);
  await build({
    root: project.root,
    configFile: join(project.root, "vite.config.ts"),
    logLevel: "silent",
  });
  const site = await serveStatic({ directory: join(project.root, "dist"), base: "/x/" });
  const embedded = await MachinePage.open(page, site.url);
  await embedded.shows("one\n");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Somebody's own page");
  const own = await MachinePage.open(page, `${site.url}alpha/`);
  await own.shows("one\n");
  await page.goto(`${site.url}alpha/nothing/here`);
  await page.getByRole("link", { name: "alpha" }).click();
  await expect(page.getByRole("log")).toHaveText("one");
  await site.close();
});

test("unikernels in a folder below a site's root have pages at the root", async ({ page }) => {
  using project = scratchProject({
    "tsconfig.json": tsconfig,
    "kernels/alpha/config.ts": configOf("alpha"),
    "kernels/alpha/unikernel.ts": unikernelSaying("one"),
    "vite.config.ts": `import { morgana } from "fata-morgana/vite";

export default { base: "./", plugins: [morgana({ dir: "kernels" })] };
`,
  });
  await build({
    root: project.root,
    configFile: join(project.root, "vite.config.ts"),
    logLevel: "silent",
  });
  const site = await serveStatic({ directory: join(project.root, "dist") });
  const own = await MachinePage.open(page, `${site.url}alpha/`);
  await own.shows("one\n");
  await site.close();
});
