/** What the house rules say and no linter checks. Each test lists what breaks its rule. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseSync } from "vite";
import { describe, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "..");

/** What each folder of `src/` may import; the compiler knows it from their references. */
const layers: Readonly<Record<string, readonly string[]>> = {
  devices: [],
  conformance: ["devices"],
  simulated: ["devices"],
  "platform-js": ["devices"],
  "platform-node": ["devices"],
  net: ["devices"],
  storage: ["devices"],
  config: ["devices", "simulated", "net", "storage", "platform-js", "platform-node"],
  boot: ["devices", "simulated", "net", "platform-js", "platform-node", "config"],
  gateway: ["devices", "net", "platform-js", "boot"],
  elements: ["devices", "boot", "config", "gateway"],
  vite: ["devices", "config", "boot"],
  cli: ["devices", "config", "boot", "vite"],
};

/**
 * What else each folder of `src/` may import, by the first part of its name; others may nothing.
 */
const packages: Readonly<Record<string, readonly string[]>> = {
  "platform-js": ["@xterm"],
  "platform-node": ["node"],
  config: ["#drivers"],
  boot: ["@jridgewell", "comlink", "node"],
  elements: ["lit"],
  vite: ["@viz-js", "node", "vite"],
  cli: ["node", "vite"],
};

/** The suite of laws that a driver must keep, by the first word of its file's name. */
const suites: Readonly<Record<string, string>> = {
  block: "blockLaws",
  clock: "clockLaws",
  console: "consoleLaws",
  network: "networkLaws",
  random: "randomLaws",
};

/** Folders that programs write, wherever they are; the static site is one at the root alone. */
const generated = new Set([".git", ".morgana", "dist", "node_modules", "test-results"]);
const files = walk("");
const sources = files.filter((file) => file.startsWith("src/") && file.endsWith(".ts"));
const code = files.filter((file) => /\.(?:ts|mjs|css|html)$/.test(file));
const tests = code.filter((file) => file.endsWith(".test.ts") || file.startsWith("e2e/"));

describe("layers", () => {
  test("src/ holds the folders that the table names", () => {
    expect(foldersOf("src").toSorted()).toEqual(Object.keys(layers).toSorted());
  });

  test.each(Object.entries(layers))("src/%s refers to no other folder than %j", (name, allowed) => {
    const expected = allowed.map((folder) => `../${folder}`);
    expect(referencesOf(`src/${name}/tsconfig.json`).toSorted()).toEqual(expected.toSorted());
  });

  // The compiler also takes what a reference refers to in turn, the package by its own name, and
  // dist/.
  test.each(Object.entries(layers))("src/%s imports no other folder than %j", (name, allowed) => {
    const modules = sources.filter(
      (file) => file.startsWith(`src/${name}/`) && !file.endsWith(".test.ts"),
    );
    const homes = [name, ...allowed].map((folder) => `src/${folder}/`);
    const known = new Set(packages[name]);
    const foreign = modules.flatMap((file) =>
      requestsOf(file)
        .filter((request) =>
          request.startsWith(".")
            ? !homes.some((home) => join(dirname(file), request).startsWith(home))
            : !known.has(/^[^:/]*/.exec(request)?.[0] ?? ""),
        )
        .map((request) => `${file}: ${request}`),
    );
    expect(foreign).toEqual([]);
  });

  test.each(["tsconfig.json", "tsconfig.tests.json"])("%s refers to every folder", (file) => {
    const folders = Object.keys(layers).map((name) => `src/${name}`);
    expect(referencesOf(file)).toEqual(expect.arrayContaining(folders));
  });
});

describe("drivers", () => {
  const drivers = sources.filter(
    (file) => suiteOf(file) !== undefined && /^export .*\bconnect\b/m.test(read(file)),
  );

  test.each(drivers)("%s runs the laws of its device", (driver) => {
    const callers = tests.filter((file) => runsLawsOf(driver, file));
    expect(callers, `no test calls ${suiteOf(driver)} with it`).not.toEqual([]);
  });

  test("src/ has drivers for both platforms", () => {
    const platforms = new Set(drivers.map((file) => file.split("/")[1]));
    expect(platforms).toEqual(new Set(["platform-js", "platform-node"]));
  });
});

describe("documents", () => {
  test.each(foldersOf("examples"))("the example %s has its files and a browser test", (name) => {
    const expected = ["config.ts", "unikernel.ts", "README.md"].map(
      (file) => `examples/${name}/${file}`,
    );
    expect(missing([...expected, `e2e/${name}.spec.ts`])).toEqual([]);
  });

  test.each(foldersOf("src"))("src/%s has a README of at most 30 lines", (name) => {
    const readme = `src/${name}/README.md`;
    expect(missing([readme])).toEqual([]);
    expect(lineCount(readme)).toBeLessThanOrEqual(30);
  });

  test("every interface of src/devices/index.ts and each of its members is documented", () => {
    expect(undocumented(read("src/devices/index.ts"))).toEqual([]);
  });

  test("relative links lead somewhere", () => {
    const documents = files.filter((file) => file.endsWith(".md"));
    expect(documents.flatMap(brokenLinks)).toEqual([]);
  });
});

describe("code", () => {
  test("has no note of unfinished work", () => {
    // Written so that this file holds none itself.
    const note = /\b(?:TO[D]O|FIX[M]E|X[X]X)\b/;
    expect(code.flatMap((file) => linesWith(note, file))).toEqual([]);
  });

  test("has no test that is left out or alone", () => {
    expect(tests.flatMap((file) => linesWith(/\.(?:only|skip)\(/, file))).toEqual([]);
  });

  test("is in files of at most 400 lines", () => {
    const long = sources.filter((file) => lineCount(file) > 400);
    expect(long.filter((file) => file !== "src/devices/index.ts")).toEqual([]);
  });
});

/** Lists the project's own files below a folder, relative to the root. */
function walk(folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (entry.isDirectory()) {
      return generated.has(entry.name) || path === "site" ? [] : walk(path);
    }
    return entry.isFile() ? [path] : [];
  });
}

function foldersOf(folder: string): string[] {
  const below = files.filter((file) => file.startsWith(`${folder}/`) && file.split("/").length > 2);
  return [...new Set(below.map((file) => file.split("/")[1] ?? ""))];
}

function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}

function missing(paths: readonly string[]): readonly string[] {
  return paths.filter((path) => !existsSync(join(root, path)));
}

function lineCount(file: string): number {
  return read(file).trimEnd().split("\n").length;
}

function linesWith(pattern: RegExp, file: string): readonly string[] {
  return read(file)
    .split("\n")
    .flatMap((line, index) => (pattern.test(line) ? [`${file}:${index + 1}: ${line.trim()}`] : []));
}

function referencesOf(file: string): readonly string[] {
  const { references }: { references: readonly { path: string }[] } = JSON.parse(read(file));
  return references.map(({ path }) => path);
}

/** Names the laws of a driver, or `undefined` for a file that is none. */
function suiteOf(file: string): string | undefined {
  const name = /^src\/platform-(?:js|node)\/([a-z]+)(?:-[a-z0-9-]+)?\.ts$/.exec(file)?.[1];
  return name !== undefined && Object.hasOwn(suites, name) ? suites[name] : undefined;
}

/**
 * Tells whether a test calls the laws of a driver's device and imports the driver: itself, or
 * through a fixture of `test/` that connects it.
 */
function runsLawsOf(driver: string, file: string): boolean {
  if (!read(file).includes(`${suiteOf(driver)}(`)) return false;
  const imported = importsOf(file);
  const fixtures = imported.filter((each) => each.startsWith("test/"));
  return [...imported, ...fixtures.flatMap(importsOf)].includes(driver);
}

/** Lists the files that a file imports by relative paths, from the root. */
function importsOf(file: string): readonly string[] {
  return [...read(file).matchAll(/^(?:import|export|\}) .*?from "(\.[^"]+)";$/gm)].map(
    ([, path = ""]) => join(dirname(file), path),
  );
}

/**
 * Lists what a module asks for in its imports and exports, also in those that are only of types.
 */
function requestsOf(file: string): readonly string[] {
  const text = read(file);
  const { staticImports, staticExports, dynamicImports } = parseSync(file, text).module;
  return [
    ...staticImports.map(({ moduleRequest }) => moduleRequest.value),
    ...staticExports
      .flatMap(({ entries }) => entries)
      .flatMap(({ moduleRequest }) => moduleRequest?.value ?? []),
    // One that is no literal asks for an address that is only known in a running page.
    ...dynamicImports
      .map(({ moduleRequest }) => text.slice(moduleRequest.start, moduleRequest.end))
      .filter((request) => /^["'`]/.test(request))
      .map((request) => request.slice(1, -1)),
  ];
}

/**
 * Lists the interfaces, and their methods, that no doc comment precedes. Plain data may be
 * described by the comment of its interface, as in "the size of a screen in cells".
 */
function undocumented(text: string): readonly string[] {
  const found: string[] = [];
  let owner = "";
  let previous = "";
  for (const line of text.split("\n")) {
    const declared = /^export interface (\w+)/.exec(line)?.[1];
    const member = /^ {2}(?:readonly )?(\w+|\[Symbol\.\w+\])(?:\?|<.*>)?[(:]/.exec(line)?.[1];
    if (declared !== undefined) owner = declared;
    const isDocumented = previous.trimEnd().endsWith("*/");
    if (declared !== undefined && !isDocumented) found.push(declared);
    if (member !== undefined && owner !== "" && !isDocumented) found.push(`${owner}.${member}`);
    if (line === "}") owner = "";
    previous = line;
  }
  return found;
}

function brokenLinks(document: string): readonly string[] {
  const prose = read(document).replaceAll(/^```[^]*?^```/gm, "");
  const targets = [...prose.matchAll(/\]\(([^)\s]+)\)|^\[[^\]]+\]:\s*(\S+)/gm)].map(
    ([, inline, reference]) => inline ?? reference ?? "",
  );
  return targets
    .filter((target) => !/^(?:[a-z]+:|#|\/\/)/i.test(target))
    .map((target) => target.replace(/[?#].*$/, ""))
    .filter((target) => !existsSync(resolve(root, dirname(document), decodeURI(target))))
    .map((target) => `${document}: ${target}`);
}
