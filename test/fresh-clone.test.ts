/**
 * What the commands do about packages that are missing, and about output that has lost its source.
 */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { removeOrphans } from "../scripts/orphans.mjs";
import { whyNodeIsTooOld, whyToInstall } from "../scripts/packages.mjs";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "morgana-clone-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function write(file: string, text = ""): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

function writeLock(file: string, packages: Readonly<Record<string, object>>): void {
  write(file, JSON.stringify({ packages: { "": { version: "1.0.0" }, ...packages } }));
}

describe("whyToInstall", () => {
  const lit = { "node_modules/lit": { version: "3.3.3" } };

  test("whyToInstall() gives undefined, when all is there but what another system needs", () => {
    const optional = { version: "1.0.0", optional: true };
    writeLock("package-lock.json", { ...lit, "node_modules/binding-for-elsewhere": optional });
    writeLock("node_modules/.package-lock.json", lit);
    expect(whyToInstall(folder)).toBeUndefined();
  });

  test("whyToInstall() says what is missing, in a fresh clone", () => {
    writeLock("package-lock.json", lit);
    expect(whyToInstall(folder)).toBe("node_modules is missing");
  });

  test.each(["", '{"packages": {'])(
    "whyToInstall() says that node_modules is incomplete, when npm had only written %j",
    (text) => {
      writeLock("package-lock.json", lit);
      write("node_modules/.package-lock.json", text);
      expect(whyToInstall(folder)).toBe("node_modules is incomplete");
    },
  );

  test.each([
    ["another version", { version: "3.3.2" }],
    ["nothing", undefined],
  ])("whyToInstall() names the package, when there is %s of it", (_, installed) => {
    writeLock("package-lock.json", lit);
    writeLock(
      "node_modules/.package-lock.json",
      installed ? { "node_modules/lit": installed } : {},
    );
    expect(whyToInstall(folder)).toBe("node_modules/lit is not the one of package-lock.json");
  });
});

test("whyNodeIsTooOld() compares numbers, not text", () => {
  write("package.json", JSON.stringify({ engines: { node: ">=20.19" } }));
  expect(whyNodeIsTooOld(folder, "20.19.0")).toBeUndefined();
  expect(whyNodeIsTooOld(folder, "20.100.0")).toBeUndefined();
  expect(whyNodeIsTooOld(folder, "20.9.0")).toBe(
    "Cannot go on: this is Node 20.9.0, and 20.19 or newer is needed.",
  );
  expect(whyNodeIsTooOld(folder, "9.0.0")).toContain("this is Node 9.0.0");
});

test("removeOrphans() removes the output of modules that are gone, and nothing else", () => {
  write("src/boot/run.ts");
  for (const file of ["boot/run.js", "boot/run.d.ts", "boot/run.js.map", "page/morgana.js"]) {
    write(`dist/${file}`);
  }
  for (const file of ["boot/ran.js", "boot/ran.d.ts", "boot/ran.d.ts.map", "gone/index.js"]) {
    write(`dist/${file}`);
  }
  write("dist/.tsbuildinfo/boot.json");
  const removed = removeOrphans(join(folder, "src"), join(folder, "dist"));
  expect(removed.toSorted()).toEqual(
    ["boot/ran.d.ts", "boot/ran.d.ts.map", "boot/ran.js", "gone/index.js"].map((file) =>
      join(...file.split("/")),
    ),
  );
  expect(readdirSync(join(folder, "dist/boot")).toSorted()).toEqual([
    "run.d.ts",
    "run.js",
    "run.js.map",
  ]);
  expect(readdirSync(join(folder, "dist/page"))).toEqual(["morgana.js"]);
  expect(readdirSync(join(folder, "dist/.tsbuildinfo"))).toEqual(["boot.json"]);
});
