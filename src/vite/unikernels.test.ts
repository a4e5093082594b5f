import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { findUnikernel, findUnikernels } from "./unikernels.ts";

let root: string;
beforeEach(() => void (root = mkdtempSync(join(tmpdir(), "morgana-unikernels-"))));
afterEach(() => rmSync(root, { recursive: true }));

function write(file: string, text = ""): void {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}

const names = (): readonly string[] => findUnikernels(root).map(({ name }) => name);

describe("findUnikernels()", () => {
  test("finds the folders with a configuration, by name, and no others", () => {
    for (const folder of ["beta", "alpha", ".hidden", "node_modules", "deep/er"]) {
      write(`${folder}/config.ts`);
    }
    write("empty/unikernel.ts");
    write("config.json");
    expect(names()).toEqual(["alpha", "beta"]);
    expect(findUnikernels(root)[0]).toEqual({
      name: "alpha",
      folder: join(root, "alpha"),
      config: join(root, "alpha", "config.ts"),
    });
  });

  test("follows a link to a folder", () => {
    write("real/config.ts");
    symlinkSync(join(root, "real"), join(root, "linked"));
    expect(names()).toEqual(["linked", "real"]);
  });

  test("names the whole project by its package, else by its folder", () => {
    write("config.ts");
    expect(names()).toEqual([basename(root)]);
    write("package.json", '{ "name": "@somebody/pinger" }');
    expect(names()).toEqual(["pinger"]);
    write("package.json", "not JSON");
    expect(names()).toEqual([basename(root)]);
  });

  test("refuses two with one page", () => {
    write("config.ts");
    write("pinger/config.ts");
    write("package.json", '{ "name": "pinger" }');
    expect(names).toThrow(
      'Cannot give "pinger" a page: it is the name of the project and of a fol',
    );
  });

  test("refuses a folder that is none", () => {
    const gone = join(root, "gone");
    expect(() => findUnikernels(gone)).toThrow(`unikernels in ${gone}: there is no such folder`);
    write("file");
    expect(() => findUnikernels(join(root, "file"))).toThrow("there is no such folder");
  });
});

describe("findUnikernel()", () => {
  test("takes the folder or its configuration", () => {
    write("alpha/config.ts");
    const found = findUnikernel(join(root, "alpha"));
    expect(found).toMatchObject({ name: "alpha", folder: join(root, "alpha") });
    expect(findUnikernel(join(root, "alpha", "config.ts"))).toEqual(found);
  });

  test("names those nearby, when there is none", () => {
    write("alpha/config.ts");
    expect(() => findUnikernel(join(root, "alhpa"))).toThrow("unikernels there: alpha");
    expect(() => findUnikernel(root)).toThrow("unikernels there: alpha");
  });
});
