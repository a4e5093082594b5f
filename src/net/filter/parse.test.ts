import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parse } from "./parse.ts";
import { print, printDefaults } from "./print.ts";
import { anywhere, type Rule, type Side } from "./rule.ts";

const aPrefix = fc
  .oneof(
    fc.uint8Array({ minLength: 4, maxLength: 4 }),
    fc.uint8Array({ minLength: 16, maxLength: 16 }),
  )
  .chain((address) => fc.nat(8 * address.length).map((length) => ({ address, length })));
const aRange = fc
  .tuple(fc.nat(65_535), fc.nat(65_535))
  .map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);
const aSide = (hasPorts: boolean): fc.Arbitrary<Side> =>
  fc
    .record({
      prefixes: fc.option(fc.array(aPrefix, { minLength: 1, maxLength: 3 }), { nil: undefined }),
      isNegated: fc.boolean(),
      ports: hasPorts
        ? fc.option(fc.array(aRange, { minLength: 1, maxLength: 3 }), { nil: undefined })
        : fc.constant(undefined),
    })
    .map(({ prefixes, isNegated, ports }) => {
      return { prefixes, isNegated: prefixes !== undefined && isNegated, ports };
    });
const aName = fc.option(fc.constantFrom("lan", "wan", "eth0", "dmz-1"), { nil: undefined });
const aRule: fc.Arbitrary<Rule> = fc
  .constantFrom<Rule["protocol"]>(undefined, 6, 17, 132, 47, 200, "icmp")
  .chain((protocol) => {
    const hasPorts = protocol === 6 || protocol === 17 || protocol === 132;
    const aType = fc.oneof(
      fc.nat(255),
      fc.constantFrom("echo-request" as const, "too-big" as const),
    );
    return fc.record({
      action: fc.constantFrom("allow" as const, "deny" as const, "reject" as const),
      isLogged: fc.boolean(),
      place: fc.constantFrom(undefined, "input" as const, "forward" as const, "output" as const),
      in: aName,
      out: aName,
      protocol: fc.constant(protocol),
      from: aSide(hasPorts),
      to: aSide(hasPorts),
      icmpTypes:
        protocol === "icmp"
          ? fc.option(fc.array(aType, { minLength: 1, maxLength: 3 }), { nil: undefined })
          : fc.constant(undefined),
    });
  });

describe("parse()", () => {
  test("reads what print() writes", () => {
    fc.assert(
      fc.property(fc.array(aRule, { maxLength: 4 }), (rules) => {
        const parsed = parse(rules.map(print).join("\n"));
        expect(parsed.errors).toEqual([]);
        expect(parsed.rules).toEqual(rules);
      }),
      { numRuns: 100 },
    );
  });

  test("never throws, whatever the text", () => {
    const aWord = fc.constantFrom(
      "allow",
      "default",
      "tcp",
      "from",
      "to",
      "any",
      "port",
      "80",
      "-",
      ",",
      "#",
      "not",
      "::/",
      "\n",
      "type",
    );
    const aText = fc.oneof(
      fc.string(),
      fc.array(aWord).map((words) => words.join(" ")),
    );
    fc.assert(
      fc.property(aText, (text) => void parse(text)),
      { numRuns: 100 },
    );
  });

  test("reads comments, empty lines and defaults", () => {
    const text =
      "# rules\n\ndefault reject # all\n default output allow\nallow udp to any port 53\n";
    const { rules, defaults, errors, lines } = parse(text);
    expect(errors).toEqual([]);
    expect(defaults).toEqual({ input: "reject", forward: "reject", output: "allow" });
    expect(printDefaults(defaults)).toContain("default input reject");
    expect(lines).toEqual([5]);
    expect(rules).toMatchObject([
      { action: "allow", protocol: 17, from: anywhere, to: { ports: [[53, 53]] } },
    ]);
  });

  test.each([
    ["permit tcp", 1, 'Expected allow, deny, reject or default, not "permit"'],
    ["allow tcp from 10.0.0.0/33", 16, 'Expected an address, a prefix or any, not "10.0.0.0/33"'],
    [
      "allow tcp to any port 80,http",
      26,
      'Expected a port or ports, such as 80 or 8000-8099, not "http"',
    ],
    ["allow tcp to any port 90-80", 23, "Expected a port or ports, such as 80 or 8000-8099"],
    ["allow tcp from", 15, "Expected an address, a prefix or any"],
    ["allow to any port 80", 14, 'Did not expect "port" here'],
    ["allow icmp type ping", 17, 'Expected a type of ICMP, not "ping"'],
    ["deny in", 8, "Expected the name of an interface"],
    ["allow tcp to any from any", 18, 'Did not expect "from" here'],
    ["default", 8, "Expected allow, deny or reject"],
    ["allow toString", 7, 'Did not expect "toString" here'],
  ])("says where and what is wrong in %s", (line, column, message) => {
    const { errors, rules } = parse(`allow tcp\n${line}\ndeny`);
    expect(rules.length).toBe(2);
    expect(errors).toEqual([{ line: 2, column, message: expect.stringContaining(message) }]);
  });
});
