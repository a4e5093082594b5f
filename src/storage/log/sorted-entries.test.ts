import fc from "fast-check";
import { expect, test } from "vitest";
import { SortedEntries } from "./sorted-entries.ts";

const names = fc.stringMatching(/^[a-d]{1,4}$/);
const steps = fc.array(fc.tuple(names, fc.option(fc.nat(), { nil: undefined })), {
  minLength: 50,
  maxLength: 400,
});

test("with() and without() do what a sorted map does, and change no earlier entries", () => {
  fc.assert(
    fc.property(steps, (all) => {
      const expected = new Map<string, number>();
      let entries = new SortedEntries<number>();
      for (const [at, [name, value]] of all.entries()) {
        const before = entries;
        const list = at % 50 === 0 ? [...before] : undefined;
        entries = value === undefined ? entries.without(name) : entries.with(name, value);
        if (value === undefined) expected.delete(name);
        else expected.set(name, value);
        expect(entries.get(name)).toBe(value);
        expect(entries.size).toBe(expected.size);
        if (list !== undefined) expect([...before]).toEqual(list);
      }
      const sorted = [...expected].toSorted(([one], [other]) => (one < other ? -1 : 1));
      expect([...entries]).toEqual(sorted);
      for (const [name, value] of expected) expect(entries.get(name)).toBe(value);
    }),
    { numRuns: 5 },
  );
});
