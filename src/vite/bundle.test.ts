import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { bundle, problemOf } from "fata-morgana/vite";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Workshop } from "./workshop.ts";

/** Below the repository, where the package finds itself by its name. */
const scratch = fileURLToPath(new URL("../../.morgana/", import.meta.url));
let root: string;
beforeAll(() => {
  mkdirSync(scratch, { recursive: true });
  root = mkdtempSync(join(scratch, "bundle-"));
});
afterAll(() => rmSync(root, { recursive: true }));

function write(file: string, text: string): string {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
  return join(root, file);
}

function folderOf(name: string, unikernel: string): Parameters<typeof bundle>[0] {
  const config = write(
    `${name}/config.ts`,
    `import { unikernel } from "fata-morgana/config";
export default unikernel("${name}", () => import("./unikernel.ts"), []);
`,
  );
  write(`${name}/unikernel.ts`, unikernel);
  return { name, folder: join(root, name), config };
}

describe("bundle()", () => {
  test("makes one file, with a source map and the files it was made of", async () => {
    const word = write("words.ts", 'export const word = "abracadabra";\n');
    const folder = folderOf(
      "whole",
      'import { word } from "../words.ts";\nexport const start = () => word.length;\n',
    );
    const { code, map, files } = await bundle(folder, { target: "browser" });
    expect(code).toContain("abracadabra");
    expect(code).not.toMatch(/^\s*import\b/m);
    expect(code).not.toMatch(/\bimport\(/);
    expect(code.trimEnd()).toMatch(/\/\/# sourceMappingURL=unikernel\.js\.map$/);
    expect(JSON.parse(map).sources).toEqual(
      expect.arrayContaining([expect.stringMatching(/words\.ts$/)]),
    );
    expect(files).toEqual(expect.arrayContaining([word, folder.config]));
  });

  test("tells its files also when it fails, and where", async () => {
    const broken = write("broken.ts", "export const x = ;\n");
    const folder = folderOf("partial", 'import "../broken.ts";\nexport function start() {}\n');
    const read: string[] = [];
    const error: unknown = await bundle(folder, {
      target: "browser",
      onFile: (file) => read.push(file),
    }).catch((thrown: unknown) => thrown);
    expect(read).toEqual(expect.arrayContaining([folder.config, broken]));
    expect(problemOf(error as Error, folder.config)).toMatchObject({
      message: "Unexpected token",
      loc: { file: broken, line: 1, column: 18 },
    });
  });
});

describe("a folder imported with ?files", () => {
  const configOf = (name: string, site: string): Parameters<typeof bundle>[0] => {
    const folder = folderOf(`with/${name}`, "export const start = () => 0;\n");
    write(
      `with/${name}/config.ts`,
      `import { compiledFiles, unikernel } from "fata-morgana/config";
const site = compiledFiles("site", () => import("${site}?files"));
export default unikernel("${name}", () => import("./unikernel.ts"), [site]);
`,
    );
    return folder;
  };

  test("is in the bundle, and a change or a new file makes that stale", async () => {
    const page = write("site/page.html", "<p>abracadabra</p>\n");
    configOf("files", "../../site");
    const workshop = new Workshop(join(root, "with"));
    const unikernel = workshop.find("files");
    if (unikernel === undefined) throw new Error("There is no such unikernel");
    const made = await workshop.bundle(unikernel, {});
    expect(made.code).toContain("<p>abracadabra</p>");
    expect(made.files).toEqual(expect.arrayContaining([page, join(root, "site")]));
    expect((await workshop.entry(unikernel)).inspection).toMatchObject({
      description: { devices: [{ name: "site", signature: "KeyValueRead" }] },
    });
    expect(workshop.changed(page)).toEqual(["files"]);
    await workshop.bundle(unikernel, {});
    expect(workshop.changed(join(root, "site/new/LICENSE"))).toEqual(["files"]);
  });

  test("must be there", async () => {
    const folder = configOf("lost", "./nowhere");
    const error: unknown = await bundle(folder, { target: "node" }).catch((thrown) => thrown);
    const { message } = problemOf(error as Error, folder.config);
    expect(message).toContain(`${join(folder.folder, "nowhere")}: there is no such folder`);
  });
});

describe("Workshop", () => {
  test("changed() names what a file is part of, what failed, and what is gone", async () => {
    const shared = write("shared/port.ts", "export const port = 7;\n");
    const start = "export function start(): void {}\n";
    const user = folderOf("served/user", start);
    folderOf("served/plain", start);
    write("served/user/config.ts", `import "../../shared/port.ts";\nexport default 1;\n`);
    const read: string[] = [];
    const workshop = new Workshop(join(root, "served"), (file) => read.push(file));
    expect((await workshop.entries()).map(({ inspection }) => inspection.kind)).toEqual([
      "broken",
      "broken",
    ]);
    expect(read).toContain(shared);
    expect(workshop.usersOf(shared)).toEqual(["user"]);
    expect(workshop.usersOf(join(root, "served/plain/x.ts"))).toEqual(["plain"]);
    expect(workshop.usersOf(join(root, "served/plainer/x.ts"))).toEqual([]);
    // Both failed: any file may have mended them.
    expect(workshop.changed(join(root, "served/x.ts"))).toEqual(["plain", "user"]);
    expect(workshop.changed(join(root, "served/x.ts"))).toEqual([]);
    await workshop.entries();
    rmSync(user.folder, { recursive: true });
    expect(workshop.changed(user.config)).toEqual(["plain", "user"]);
    expect(workshop.unikernels().map(({ name }) => name)).toEqual(["plain"]);
  });
});
