/** What is said of requirements is true as far as it can be checked: the tests are there. */

import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "vitest";
import { documents } from "./documents.ts";
import { testFileOf, type Document, type Standing } from "./requirement.ts";
import { conformanceTables, marker } from "./table.ts";

const root = resolve(import.meta.dirname, "../..");

test.each(documents)("each requirement of RFC $number that is met has a test", (document) => {
  const untested = Object.entries(document.requirements).flatMap(([id, [, standing]]) =>
    witnessesOf(document, id, standing).filter((witness) => !exists(witness)),
  );
  expect(untested).toEqual([]);
});

test.each(documents)("each test of RFC $number is of a requirement that is met", (document) => {
  const file = testFileOf(document);
  if (!existsSync(join(root, file))) return;
  const ids = [...read(file).matchAll(/\btest(?:\.each\([^]*?\))?\(\s*"(\S+)/g)].map(
    ([, id = ""]) => id,
  );
  const isMet = new Set(
    Object.entries(document.requirements)
      .filter(([, [, { kind }]]) => kind === "met" || kind === "test")
      .map(([id]) => id),
  );
  expect(ids.filter((id) => !isMet.has(id))).toEqual([]);
});

test("docs/conformance.md is what `npm run conformance` makes of it", () => {
  const text = read("docs/conformance.md");
  expect(text.slice(text.indexOf(marker))).toBe(conformanceTables());
});

/** A file, and what stands in it. */
type Witness = readonly [file: string, text: string];

function witnessesOf(document: Document, id: string, standing: Standing): readonly Witness[] {
  switch (standing.kind) {
    case "met":
      return [[testFileOf(document), `"${id} `]];
    case "test":
      return [[standing.file, `"${standing.title}`]];
    case "scripts":
      return standing.scripts.map((name) => [`test/packetdrill/scripts/${name}.pkt`, ""]);
    default:
      return [];
  }
}

function exists([file, text]: Witness): boolean {
  return existsSync(join(root, file)) && read(file).includes(text);
}

function read(file: string): string {
  return readFileSync(join(root, file), "utf8");
}
