import fc from "fast-check";
import { expect, test } from "vitest";
import { joinWords, queryOf, splitWords, wordsOfQuery } from "./words.ts";

test.each([
  ["", []],
  ["  --port=7\n --verbose ", ["--port=7", "--verbose"]],
  ['--hello="Hi there"', ["--hello=Hi there"]],
  [`--hello='say "hi"'`, ['--hello=say "hi"']],
  [`"a b"'c d'e`, ["a bc de"]],
  ['--empty=""', ["--empty="]],
  ['""', [""]],
  ["--name=O'Hara", ["--name=O'Hara"]],
  ['5" disk', ['5"', "disk"]],
])("splitWords() splits %j", (text, words) => {
  expect(splitWords(text)).toEqual(words);
});

test("splitWords() reads back whatever joinWords() writes", () => {
  const word = fc.string({ unit: fc.constantFrom("a", " ", '"', "'", "=", "é", "\n") });
  fc.assert(
    fc.property(fc.array(word), (words) => {
      expect(splitWords(joinWords(words))).toEqual(words);
    }),
  );
});

test.each([
  ["", []],
  ["?", []],
  ["?port=7&verbose", ["--port=7", "--verbose"]],
  ["?hello=Gr%C3%BC%C3%9Fe+an+alle&&x=", ["--hello=Grüße an alle", "--x="]],
  ["?a=1%262&b=%3D", ["--a=1&2", "--b=="]],
  ["?broken=100%", ["--broken=100%"]],
])("wordsOfQuery() reads %j as a command line", (query, words) => {
  expect(wordsOfQuery(query)).toEqual(words);
});

test("wordsOfQuery() reads back whatever queryOf() writes", () => {
  const text = fc.string({ unit: "grapheme" });
  const flag = fc.stringMatching(/^--[a-z][a-z-]*$/);
  fc.assert(
    fc.property(fc.dictionary(flag, text), (values) => {
      const entries = Object.entries(values);
      expect(wordsOfQuery(queryOf(new Map(entries)))).toEqual(
        entries.map(([name, value]) => `${name}=${value}`),
      );
    }),
  );
});

test("queryOf() is empty, when everything is as usual", () => {
  expect(queryOf(new Map())).toBe("");
});
