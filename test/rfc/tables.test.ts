/** The tables of requirements: what they name is there. */

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Requirements } from "./requirement.ts";
import { rfc2018 } from "./rfc2018.ts";
import { rfc5681 } from "./rfc5681.ts";
import { rfc5961 } from "./rfc5961.ts";
import { rfc6298 } from "./rfc6298.ts";
import { rfc6528 } from "./rfc6528.ts";
import { rfc7323 } from "./rfc7323.ts";
import { rfc8985 } from "./rfc8985.ts";
import { rfc9293 } from "./rfc9293.ts";

const root = join(import.meta.dirname, "../..");
const tables = { rfc2018, rfc5681, rfc5961, rfc6298, rfc6528, rfc7323, rfc8985, rfc9293 };

describe.each(Object.entries<Requirements>(tables))("%s", (_, requirements) => {
  test.each(Object.entries(requirements))("%s", (_number, [, standing]) => {
    switch (standing.kind) {
      case "scripts":
        expect(standing.scripts.filter((name) => !existsSync(scriptPath(name)))).toEqual([]);
        break;
      case "test":
        expect(readFileSync(join(root, standing.file), "utf8")).toContain(
          `test("${standing.title}`,
        );
        break;
      default:
        expect(standing.reason.length).toBeGreaterThan(20);
    }
  });
});

test("the table of RFC 9293 has each of its 69 MUSTs", () => {
  const numbers = Array.from({ length: 69 }, (_, index) => `MUST-${index + 1}`);
  expect(Object.keys(rfc9293)).toEqual(numbers);
});

function scriptPath(name: string): string {
  return join(root, "test/packetdrill/scripts", `${name}.pkt`);
}
