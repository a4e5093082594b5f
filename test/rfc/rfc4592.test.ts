/** RFC 4592, wildcards: the zone of its section 2.2.1, and what it answers. */

import { expect, test } from "vitest";
import { Authority } from "../../src/net/dns/authority.ts";
import { forms } from "../../src/net/dns/record-fields.ts";
import { recordText, zoneOf } from "../name-server-world.ts";

const text = `$TTL 3600
@                 SOA   ns hostmaster 1 2 3 4 5
@                 NS    ns.elsewhere.test.
*                 TXT   "this is a wild card"
*                 MX    10 host1.example.
sub.*             TXT   "this is not a wild card"
host1             A     192.0.2.1
_ssh._tcp.host1   SRV   0 0 22 host1
_ssh._tcp.host2   SRV   0 0 22 host1
subdel            NS    ns.elsewhere.test.
*.alias           CNAME host1
x.*.empty         A     192.0.2.9
`;

const authority = new Authority([zoneOf(text)]);

/** What is answered: records, or `no name`, `no data`, `referral`. */
function ask(name: string, type: string): string {
  const answer = authority.answer({ name, type: forms[type]?.type ?? 0, class: 1 });
  if (answer?.isReferral === true) return "referral";
  if (answer?.answers.length === 0) return answer.code === 3 ? "no name" : "no data";
  const records = answer?.answers.flat() ?? [];
  return records.map((each) => recordText(each, each.data).replace(" 3600", "")).join(", ");
}

const wild = 'TXT "this is a wild card"';

test("2.1.1-1 an asterisk is a wildcard, and is asked for as what it is", () => {
  expect(ask("host3.example", "TXT")).toBe(`host3.example ${wild}`);
  expect(ask("\\042.example", "TXT")).toBe(`\\042.example ${wild}`);
});

test("2.1.3-1 an asterisk above another label is a name as it is", () => {
  expect(ask("sub.\\042.example", "TXT")).toBe('sub.\\042.example TXT "this is not a wild card"');
  expect(ask("sub.host3.example", "TXT")).toBe(`sub.host3.example ${wild}`);
});

test("2.2.1-1 names that are not there are answered", () => {
  expect(ask("host3.example", "MX")).toBe("host3.example MX 10 host1.example.");
  expect(ask("foo.bar.example", "TXT")).toBe(`foo.bar.example ${wild}`);
});

test("2.2.1-2 names that are there are not", () => {
  expect(ask("host1.example", "MX")).toBe("no data");
  expect(ask("host.subdel.example", "A")).toBe("referral");
});

test("2.2.1-3 names below others are not", () => {
  expect(ask("_telnet._tcp.host1.example", "SRV")).toBe("no name");
  expect(ask("ghost.\\042.example", "MX")).toBe("no name");
});

test("2.2.2-1 names that are only above others are not", () => {
  expect(ask("host2.example", "TXT")).toBe("no data");
  expect(ask("_tcp.host2.example", "TXT")).toBe("no data");
});

test("3.3.1-1 a wildcard further up does not answer", () => {
  expect(ask("other.host2.example", "TXT")).toBe("no name");
  expect(ask("x.host1.example", "MX")).toBe("no name");
});

test("4.3-1 an alias of a wildcard is followed", () => {
  const alias = "any.alias.example CNAME host1.example., host1.example A 192.0.2.1";
  expect(ask("any.alias.example", "A")).toBe(alias);
});

test("4.4-1 a wildcard without such records answers that there are none", () => {
  expect(ask("host3.example", "A")).toBe("no data");
});

test("4.8-1 an asterisk that is only above others answers that there are none", () => {
  expect(ask("any.empty.example", "A")).toBe("no data");
});
