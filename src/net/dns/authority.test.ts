import { describe, expect, test } from "vitest";
import { zoneOf, recordText } from "../../../test/name-server-world.ts";
import { Authority, type Answer } from "./authority.ts";
import { forms } from "./record-fields.ts";
import { anyType, delegationSigner, Zone, type RecordSet } from "./zone.ts";

const authority = new Authority([zoneOf()]);

const negative = "example 300 SOA ns.example. admin.example. 7 7200 600 604800 300";

function texts(sets: readonly RecordSet[]): readonly string[] {
  return sets.flat().map((record) => recordText(record, record.data));
}

/** What is answered: the code with `aa`, then the records of each section. */
function ask(name: string, type: string | number, from: Authority = authority): unknown {
  const number = typeof type === "number" ? type : (forms[type]?.type ?? 0);
  const answer = from.answer({ name, type: number, class: 1 });
  return answer && shown(answer);
}

function shown(answer: Answer): unknown {
  return [
    `${answer.code}${answer.isAuthoritative ? " aa" : ""}`,
    ...[answer.answers, answer.authorities, answer.additionals].map(texts),
  ];
}

describe("answer()", () => {
  test("gives the records of a name and a type", () => {
    const records = ["www.example 3600 A 192.0.2.80", "www.example 3600 A 192.0.2.81"];
    expect(ask("www.example", "A")).toEqual(["0 aa", records, [], []]);
    expect(ask("WWW.Example", "A")).toEqual(["0 aa", records, [], []]);
  });

  test("gives all records of a name for all types", () => {
    expect(ask("mail.example", anyType)).toEqual([
      "0 aa",
      ["mail.example 3600 A 192.0.2.25", "mail.example 3600 AAAA 2001:db8::25"],
      [],
      [],
    ]);
  });

  test("adds the addresses of mail servers, name servers and services", () => {
    const addresses = ["mail.example 3600 A 192.0.2.25", "mail.example 3600 AAAA 2001:db8::25"];
    const mail = ["example 3600 MX 10 mail.example."];
    expect(ask("example", "MX")).toEqual(["0 aa", mail, [], addresses]);
    const servers = ["example 3600 NS ns.example.", "example 3600 NS ns.elsewhere.test."];
    const server = ["ns.example 3600 A 10.0.0.53"];
    expect(ask("example", "NS")).toEqual(["0 aa", servers, [], server]);
    const web = ["www.example 3600 A 192.0.2.80", "www.example 3600 A 192.0.2.81"];
    const service = ["_http._tcp.example 3600 SRV 0 0 80 www.example."];
    expect(ask("_http._tcp.example", "SRV")).toEqual(["0 aa", service, [], web]);
  });

  test.each([
    ["of another type", "www.example", "MX"],
    ["of a name that is only above others", "b.example", "A"],
    ["of the label tcp", "_tcp.example", "SRV"],
    ["of the name above a wildcard", "wild.example", "TXT"],
  ])("says that there are no records %s", (_, name, type) => {
    expect(ask(name, type)).toEqual(["0 aa", [], [negative], []]);
  });

  test.each(["nothing.example", "x.www.example", "x.b.example", "x.deep.a.b.example"])(
    "says that there is no %s",
    (name) => {
      expect(ask(name, "A")).toEqual(["3 aa", [], [negative], []]);
    },
  );

  test("follows aliases within the zone", () => {
    const web = ["www.example 3600 A 192.0.2.80", "www.example 3600 A 192.0.2.81"];
    const aliases = [
      "chain.example 3600 CNAME alias.example.",
      "alias.example 3600 CNAME www.example.",
    ];
    expect(ask("chain.example", "A")).toEqual(["0 aa", [...aliases, ...web], [], []]);
    // The alias itself is what is asked for.
    expect(ask("alias.example", "CNAME")).toEqual(["0 aa", aliases.slice(1), [], []]);
    expect(ask("alias.example", anyType)).toEqual(["0 aa", aliases.slice(1), [], []]);
    expect(ask("alias.example", "MX")).toEqual(["0 aa", aliases.slice(1), [negative], []]);
  });

  test("says of an alias to nothing that there is nothing", () => {
    const alias = ["gone.example 3600 CNAME nothing.example."];
    expect(ask("gone.example", "A")).toEqual(["3 aa", alias, [negative], []]);
  });

  test("ends where aliases go round, or lead away", () => {
    const round = [
      "round.example 3600 CNAME trip.example.",
      "trip.example 3600 CNAME round.example.",
    ];
    expect(ask("round.example", "A")).toEqual(["0 aa", round, [], []]);
    const away = ["away.example 3600 CNAME www.other.test."];
    expect(ask("away.example", "A")).toEqual(["0 aa", away, [], []]);
    expect(authority.answer({ name: "away.example", type: 1, class: 1 })?.leadsTo).toBe(
      "www.other.test",
    );
  });

  test("follows aliases into another zone of ours", () => {
    const other = zoneOf("@ 9 SOA a b 1 2 3 4 5\n@ 9 NS a\nwww 9 A 192.0.2.9", "other.test");
    const both = new Authority([zoneOf(), other]);
    const records = ["away.example 3600 CNAME www.other.test.", "www.other.test 9 A 192.0.2.9"];
    expect(ask("away.example", "A", both)).toEqual(["0 aa", records, [], []]);
  });

  test("gives records of a wildcard under the name that was asked", () => {
    expect(ask("X.wild.example", "TXT")).toEqual([
      "0 aa",
      ['X.wild.example 3600 TXT "wild"'],
      [],
      [],
    ]);
    expect(ask("x.y.wild.example", "TXT")).toMatchObject(["0 aa", [expect.any(String)], [], []]);
    expect(ask("x.wild.example", "A")).toEqual(["0 aa", [], [negative], []]);
    expect(ask("\\042.wild.example", "TXT")).toMatchObject(["0 aa", [expect.any(String)], [], []]);
    const alias = "x.many.example 3600 CNAME www.example.";
    expect(ask("x.many.example", "TXT")).toEqual([
      "0 aa",
      [alias, 'www.example 3600 TXT "a text"'],
      [],
      [],
    ]);
  });

  test("has no wildcard for names below ones that are there", () => {
    expect(ask("real.wild.example", "TXT")).toEqual(["0 aa", [], [negative], []]);
    expect(ask("x.real.wild.example", "TXT")).toEqual(["3 aa", [], [negative], []]);
    expect(ask("x.\\042.wild.example", "TXT")).toEqual(["3 aa", [], [negative], []]);
  });

  test.each(["sub.example", "x.sub.example", "ns.sub.example"])(
    "refers to who has %s, with addresses and without authority",
    (name) => {
      const servers = [
        "sub.example 3600 NS ns.sub.example.",
        "sub.example 3600 NS ns.elsewhere.test.",
      ];
      const glue = ["ns.sub.example 3600 A 192.0.2.53"];
      expect(ask(name, "A")).toEqual(["0", [], servers, glue]);
    },
  );

  test("answers itself for the key of a delegation", () => {
    expect(ask("sub.example", delegationSigner)).toEqual(["0 aa", [], [negative], []]);
    const child = zoneOf("@ 9 SOA a b 1 2 3 4 5\n@ 9 NS a", "sub.example");
    const both = new Authority([child, zoneOf()]);
    expect(ask("sub.example", delegationSigner, both)).toEqual(["0 aa", [], [negative], []]);
    const own = "sub.example 5 SOA a.sub.example. b.sub.example. 1 2 3 4 5";
    expect(ask("sub.example", "A", both)).toEqual(["0 aa", [], [own], []]);
    const alone = new Authority([child]);
    expect(ask("sub.example", delegationSigner, alone)).toEqual(["0 aa", [], [own], []]);
  });

  test.each(["", "test", "other.test", "notexample"])("knows nothing of %j", (name) => {
    expect(ask(name, "A")).toBeUndefined();
  });

  test("serves the root, too", () => {
    const root = new Authority([zoneOf("@ 9 SOA a b 1 2 3 4 5\n@ 9 NS a\na 9 A 192.0.2.1", "")]);
    expect(ask("a", "A", root)).toEqual(["0 aa", ["a 9 A 192.0.2.1"], [], []]);
    expect(ask("", "NS", root)).toMatchObject(["0 aa", [" 9 NS a."], [], ["a 9 A 192.0.2.1"]]);
  });
});

describe("Zone", () => {
  const head = "@ 9 SOA a b 1 2 3 4 5\n@ 9 NS a\n";

  test.each([
    ["", "it has no SOA record"],
    ["@ 9 SOA a b 1 2 3 4 5", "it has no NS record"],
    [`${head}@ 9 SOA a b 2 2 3 4 5`, "it has more than one SOA record"],
    [`${head}a. 9 A 1.2.3.4`, "it does not hold a."],
    [`${head}a 9 CNAME b\na 9 A 1.2.3.4`, "a.example. has an alias and A"],
    [`${head}a 9 CNAME b\na 9 CNAME c`, "a.example. has two aliases"],
  ])("refuses %j", (text, reason) => {
    expect(() => zoneOf(text)).toThrow(new TypeError(`Cannot serve example.: ${reason}`));
  });

  test("gives the records of a set one time to live, and each once", () => {
    const zone = zoneOf(`${head}a 8 A 1.2.3.4\na 9 A 1.2.3.5\na 7 A 1.2.3.4`);
    expect(texts([zone.set("a.example", 1)])).toEqual([
      "a.example 8 A 1.2.3.4",
      "a.example 8 A 1.2.3.5",
    ]);
    expect(zone.records).toHaveLength(5);
    expect(new Zone("EXAMPLE", zone.records).origin).toBe("example");
  });

  test("of two with one name is refused by Authority()", () => {
    expect(() => new Authority([zoneOf(head), zoneOf(head)])).toThrow("two zones of one name");
  });
});
