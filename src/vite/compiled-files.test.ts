import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { CompiledFolder } from "../config/index.ts";
import { keyValueReadLaws, type KeyValueContents } from "../conformance/index.ts";
import { connect } from "../storage/key-value-compiled.ts";
import { compileFiles } from "./compiled-files.ts";

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), "morgana-files-"))));
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, bytes: string | Uint8Array = ""): string {
  const file = join(root, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  return file;
}

/** What a bundle carries from the bundler to the unikernel. */
function compiled(): CompiledFolder {
  return JSON.parse(JSON.stringify(compileFiles(root, () => {})));
}

describe("files of a folder, compiled", () => {
  const folders = new Map<KeyValueContents, CompiledFolder>();
  const laws = keyValueReadLaws({
    connect: async (contents) => {
      for (const [key, value] of folders.has(contents) ? [] : contents) write(key.join("/"), value);
      const folder = folders.get(contents) ?? compiled();
      folders.set(contents, folder);
      return connect({ folder });
    },
  });
  for (const law of laws) test(law.name, () => law.run());
});

describe("compileFiles()", () => {
  test("tells each file and folder that it reads", () => {
    const files = [root, write("a.txt"), join(root, "d"), write("d/b.txt")];
    const told: string[] = [];
    compileFiles(root, (file) => told.push(file));
    expect(told).toEqual(files);
  });

  test("takes the times of the files, the last one for a folder", () => {
    utimesSync(write("d/a"), 1_700_000_000, 1_700_000_000.25);
    utimesSync(write("d/b"), 1_800_000_000, 1_800_000_000);
    utimesSync(join(root, "d"), 1_600_000_000, 1_600_000_000);
    utimesSync(root, 1_600_000_000, 1_600_000_000);
    const { modifiedMs, entries } = compiled();
    const [folder] = entries;
    expect([modifiedMs, folder?.modifiedMs]).toEqual([1_800_000_000_000, 1_800_000_000_000]);
    expect(folder).toMatchObject({ entries: [{ modifiedMs: 1_700_000_000_250 }, {}] });
  });

  test("leaves out what is hidden, empty folders and what is no file, but not .well-known", () => {
    for (const path of [".git/x", ".DS_Store", ".well-known/a", "a"]) write(path);
    mkdirSync(join(root, "empty"));
    symlinkSync("/dev/null", join(root, "device"));
    symlinkSync("nowhere", join(root, "broken"));
    symlinkSync("a", join(root, "link"));
    expect(compiled().entries.map(({ name }) => name)).toEqual([".well-known", "a", "link"]);
  });

  test("keeps text as text, unless base64 is shorter", () => {
    write("binary", Uint8Array.of(0xff));
    write("text", "é\n");
    write("zeros", new Uint8Array(100));
    expect(compiled().entries).toMatchObject([
      { base64: "/w==" },
      { text: "é\n" },
      { base64: expect.stringMatching(/^A+==$/) },
    ]);
  });

  test("refuses a folder that is above itself", () => {
    write("d/a");
    symlinkSync("..", join(root, "d", "up"));
    expect(compiled).toThrow("d/up is a folder above itself");
  });
});
