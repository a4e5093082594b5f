/** What the documents at the root say of the code, as far as it can be compared. */

import { readFileSync } from "node:fs";
import { expect, test } from "vitest";

/** Reads a file of the repository. */
function read(file: string): string {
  return readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
}

test.each(["config.ts", "unikernel.ts"])(
  "README.md shows %s of examples/hello as it is",
  (file) => {
    const shown = [...read("README.md").matchAll(/^```ts\n([^]*?)^```/gm)].map(([, code]) => code);
    expect(shown).toContain(read(`examples/hello/${file}`));
  },
);

test("README.md stays within 170 lines", () => {
  expect(read("README.md").trimEnd().split("\n").length).toBeLessThanOrEqual(170);
});

test.each(["README.md", "CONTRIBUTING.md"])("%s names only commands that there are", (document) => {
  const { scripts }: { scripts: Readonly<Record<string, string>> } = JSON.parse(
    read("package.json"),
  );
  const named = [...read(document).matchAll(/\bnpm run ([\w:]+)/g)].map(([, name = ""]) => name);
  const unknown = named.filter((name) => !Object.hasOwn(scripts, name));
  expect(unknown).toEqual([]);
});

test("README.md names every folder of src/", () => {
  const { references }: { references: readonly { path: string }[] } = JSON.parse(
    read("tsconfig.json"),
  );
  const folders = references.map(({ path }) => path).filter((path) => path.startsWith("src/"));
  expect(folders.filter((folder) => !read("README.md").includes(`\n${folder}/ `))).toEqual([]);
});
