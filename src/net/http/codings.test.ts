import { expect, test } from "vitest";
import { acceptedCodings } from "./codings.ts";

const offered = { br: "", gzip: "" };

test.each<[string | null, readonly string[]]>([
  [null, []],
  ["", []],
  ["gzip, br", ["br", "gzip"]],
  ["gzip;q=1.0, br;q=0.5", ["gzip", "br"]],
  ["GZIP ; q=0.2", ["gzip"]],
  ["x-gzip", ["gzip"]],
  ["br;q=0, *", ["gzip"]],
  ["*;q=0, gzip", ["gzip"]],
  ["identity, gzip;q=0.5, br", ["br"]],
  ["identity;q=0, br", ["br"]],
  ["gzip;q=2", []],
  ["deflate, zstd", []],
])("acceptedCodings() of %j is %j", (field, expected) => {
  expect(acceptedCodings(field, offered)).toEqual(expected);
});
