// Our name server and forwarder beside dig, nslookup, dnsmasq and the checker of BIND.

import { createSocket } from "node:dgram";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectForwarder } from "fata-morgana/net/dns/forwarder";
import { connect as connectServer } from "fata-morgana/net/dns/server";
import { Zone } from "fata-morgana/net/dns/zone";
import { formatZone, parseZone } from "fata-morgana/net/dns/zone-file";
import { connect as connectClock } from "fata-morgana/platform-node/clock";
import { connect as connectRandom } from "fata-morgana/platform-node/random";
import { capture } from "./capture.mjs";
import { ours } from "./host.mjs";
import { withTap } from "./lab.mjs";

/** @typedef {import("fata-morgana/net/dns/server").DnsServerOptions} ServerOptions */

const folder = mkdtempSync(join(tmpdir(), "morgana-names-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const clock = connectClock();
const random = connectRandom();
const origin = "example";

const zoneText = `$TTL 1h ; what most records have
@  IN  SOA ns hostmaster\\.of.zone ( 2026010101 ; serial
         2h 15m 1W6d 5m )
       NS    ns
       NS    ns.elsewhere.test.
       MX    10 mail
       TXT   "v=spf1 -all" "a second; with (signs)"
ns     A     ${ours.ipv4}
       AAAA  ${ours.ipv6}
mail 300 IN A 192.0.2.25
     IN 2h30m AAAA 2001:db8::25
www    A     192.0.2.80
       A     192.0.2.81
       TXT   "quote \\" backslash \\\\ byte \\200"
Alias  CNAME www
away   CNAME www.kernel.lab.
*.wild A     192.0.2.99
       TXT   "any name"
deep.below.here A 192.0.2.1
sub    NS    ns.sub
ns.sub A     192.0.2.53
_http._tcp SRV 10 20 80 www
dotted\\.label PTR www
odd    TYPE65280 \\# 5 ( 01 02
                        030405 )
$ORIGIN sub2.example.
@      RP    hostmaster text
text   TXT   unquoted
$ORIGIN example.
large  TXT   ${Array.from({ length: 12 }, (_, at) => `"${at.toString(36).repeat(200)}"`).join(" ")}
many   ${Array.from({ length: 40 }, (_, at) => `A 198.51.100.${at}`).join("\n       ")}
`;

await withTap(import.meta.url, async (lab) => {
  const { check, host, kernel, run, start, tap } = lab;
  const frames = await capture(lab);
  const records = parseZone(zoneText, { origin });

  for (const [version, address] of Object.entries(ours)) {
    await check(`dig is answered over UDP on ${version}`, ["dig"], async () => {
      await serve();
      const found = await dig(address, "wWw.Example", "A");
      is(
        found,
        "status: NOERROR",
        "qr aa rd;",
        "192.0.2.80",
        "192.0.2.81",
        "wWw.Example.",
        "udp: 1232",
      );
      is(await dig(address, "alias.example", "A"), "CNAME\twww.example.", "192.0.2.81");
      is(await dig(address, "x.y.wild.example", "A"), "x.y.wild.example.\t3600\tIN\tA\t192.0.2.99");
      is(await dig(address, "example", "MX"), "10 mail.example.", "2001:db8::25");
      is(await dig(address, "_http._tcp.example", "SRV"), "10 20 80 www.example.");
      is(await dig(address, "odd.example", "TYPE65280"), "\\# 5 0102030405");
      is(await dig(address, "www.example", "TXT"), '"quote \\" backslash \\\\ byte \\200"');
      is(await dig(address, "dotted\\.label.example", "PTR"), "dotted\\.label.example.");
      const soa = "example.\t\t300\tIN\tSOA";
      is(await dig(address, "no.example", "A"), "status: NXDOMAIN", soa, "ANSWER: 0");
      is(await dig(address, "www.example", "MX"), "status: NOERROR", soa, "ANSWER: 0");
      is(await dig(address, "below.here.example", "A"), "status: NOERROR", soa, "ANSWER: 0");
      const referral = await dig(address, "x.sub.example", "A");
      is(referral, "qr rd;", "NS\tns.sub.example.", "192.0.2.53", "ANSWER: 0");
      is(await dig(address, "www.elsewhere.test", "A"), "status: REFUSED");
    });

    await check(`dig is answered over TCP on ${version}`, ["dig"], async () => {
      await serve();
      is(await dig(address, "www.example", "A", "+tcp"), "192.0.2.80", "(TCP)");
      const several = await run(
        "dig",
        `@${address}`,
        "+tcp",
        "+keepopen",
        "www.example",
        "A",
        "mail.example",
        "A",
      );
      is(several, "192.0.2.80", "192.0.2.25");
      const plain = await dig(address, "large.example", "TXT", "+noedns");
      is(plain, "Truncated, retrying in TCP mode", '"bbbb', "(TCP)");
      is(await dig(address, "large.example", "TXT"), "retrying in TCP mode", '"0000');
      is(await dig(address, "many.example", "A", "+noedns"), "retrying in TCP mode", "ANSWER: 40");
      is(await dig(address, "many.example", "A", "+bufsize=4096"), "(UDP)", "ANSWER: 40");
      is(await dig(address, "www.example", "ANY"), "(TCP)", "192.0.2.81", "quote");
      is(await dig(address, "www.example", "ANY", "+notcp"), "ANSWER: 2,");
    });
  }

  await check("dig is told what is not offered", ["dig"], async () => {
    const server = await serve();
    const at = ours.ipv4;
    is(await dig(at, "www.example", "A", "+edns=1", "+noednsneg"), "status: BADVERS", "version: 0");
    is(await dig(at, "www.example", "A", "+dnssec"), "flags: do; udp: 1232", "192.0.2.80");
    is(await dig(at, "www.example", "A", "+opcode=notify"), "status: NOTIMP");
    is(await dig(at, "www.example", "A", "+header-only"), "status: FORMERR");
    is(await dig(at, "www.example", "A", "+ednsopt=65001:0102"), "status: NOERROR", "192.0.2.80");
    is(await dig(at, "version.bind", "TXT", "-c", "CH"), "status: REFUSED");
    is(await dig(at, "example", "AXFR"), "Transfer failed");
    is(await dig(at, "example", "IXFR=1"), "Transfer failed");
    return Object.entries(server.counters)
      .filter(([, count]) => count > 0)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ");
  });

  await check("nslookup and the kernel's host find our names", ["nslookup", "host"], async () => {
    await serve();
    is(await run("nslookup", "-type=any", "mail.example", ours.ipv4), "192.0.2.25", "2001:db8::25");
    is(await run("host", "-t", "MX", "example", ours.ipv4), "mail is handled by 10 mail.example");
    is(await run("host", "alias.example.", ours.ipv6), "is an alias for www.example", "192.0.2.81");
  });

  await check(
    "a flood of equal questions is answered seldom, and dig all the same",
    ["dig"],
    async () => {
      const server = await serve();
      const replies = await flood(ours.ipv4, 1_000);
      const { limited, limitedCut } = server.counters;
      holds(replies > 0 && replies < 600 && limitedCut > 0, `${replies} of 1,000 were answered`);
      // Some is cut, so that a client that shares the network asks again over TCP.
      is(await dig(ours.ipv4, "www.example", "A", "+tries=5", "+time=1"), "192.0.2.80");
      is(await dig(ours.ipv4, "mail.example", "A"), "192.0.2.25", "(UDP)");
      return `${replies} answers to 1,000, ${limitedCut} of them cut; ${limited} held back`;
    },
  );

  await check(
    "named-checkzone takes what we write, and we what it writes",
    ["named-checkzone"],
    async () => {
      const file = join(folder, "ours.zone");
      writeFileSync(file, formatZone(records, origin));
      is(await run("named-checkzone", "-i", "local", origin, file), "OK");
      const written = join(folder, "theirs.zone");
      const original = join(folder, "original.zone");
      writeFileSync(original, zoneText);
      for (const [style, from] of [
        ["full", original],
        ["relative", original],
        ["full", file],
      ]) {
        const styled = ["-i", "local", "-D", "-s", `${style}`, "-o", written, origin, `${from}`];
        await run("named-checkzone", ...styled);
        const theirs = parseZone(readFileSync(written, "utf8"), { origin });
        const [one, other] = [sorted(theirs), sorted(records)];
        const different = one.find((line, index) => line !== other[index]);
        holds(different === undefined && one.length === other.length, `${style}: ${different}`);
      }
      return `${records.length} records`;
    },
  );

  await check("our forwarder stands in front of dnsmasq", ["dnsmasq", "dig"], async () => {
    const dnsmasq = start("dnsmasq", ...dnsmasqFlags(tap), "--local=/lab/", ...labRecords(kernel));
    await dnsmasq.shows("started");
    const { udp, tcp } = await host();
    const forwarder = connectForwarder({ udp, tcp, clock, random, servers: [kernel.ipv4] });
    const zones = [new Zone(origin, records)];
    const server = connectServer({ udp, tcp, clock, forwarder, zones });
    const at = ours.ipv4;
    is(await dig(at, "kernel.lab", "A"), "qr rd ra;", "\t30\tIN\tA\t10.9.0.1");
    await sleep(1_100);
    is(await dig(at, "KERNEL.lab", "A"), "\t29\tIN\tA\t10.9.0.1");
    is(await dig(at, "alias.lab", "A"), "CNAME\tkernel.lab.", "10.9.0.1");
    is(await dig(at, "lab", "MX"), "10 kernel.lab.");
    is(await dig(at, "_http._tcp.lab", "SRV"), "0 0 80 kernel.lab.");
    is(await dig(at, "1.0.9.10.in-addr.arpa", "PTR"), "kernel.lab.");
    is(await dig(at, "large.lab", "TXT"), "retrying in TCP mode", "(TCP)");
    is(await dig(at, "no.lab", "A"), "status: NXDOMAIN");
    is(await dig(at, "lab", "AAAA"), "status: NOERROR", "ANSWER: 0");
    // What is ours is ours, and goes on where its aliases lead.
    is(await dig(at, "www.example", "A"), "qr aa rd ra;", "192.0.2.80");
    is(await dig(at, "away.example", "A"), "CNAME\twww.kernel.lab.");
    is(await dig(at, "kernel.lab", "A", "+norecurse"), "status: REFUSED");
    const { hits, queries, strayMessages } = forwarder.counters;
    await server[Symbol.asyncDispose]();
    holds(strayMessages === 0, `${strayMessages} answers did not repeat the question's letters`);
    return `${queries} questions to dnsmasq in random letters, ${hits} answered from the cache`;
  });

  await check("dnsmasq stands in front of our server", ["dnsmasq", "dig"], async () => {
    const server = await serve({ limit: { rate: 1_000 } });
    const flags = [`--server=/example/${ours.ipv4}`, "--cache-size=100"];
    const dnsmasq = start("dnsmasq", ...dnsmasqFlags(tap), ...flags);
    await dnsmasq.shows("started");
    const at = kernel.ipv4;
    is(await dig(at, "www.example", "A"), "192.0.2.80", "192.0.2.81");
    is(await dig(at, "www.example", "A"), "qr rd ra;", "192.0.2.81");
    is(await dig(at, "alias.example", "A"), "CNAME\twww.example.");
    is(await dig(at, "large.example", "TXT"), "retrying in TCP mode", '"bbbb');
    is(await dig(at, "x.wild.example", "TXT"), "any name");
    is(await dig(at, "no.example", "A"), "status: NXDOMAIN");
    const { udpQueries } = server.counters;
    is(await dig(at, "no.example", "A"), "status: NXDOMAIN");
    is(await dig(at, "www.example", "A"), "192.0.2.80");
    holds(server.counters.udpQueries === udpQueries, "dnsmasq kept no answer of ours");
    return `${server.counters.udpQueries} queries of dnsmasq's`;
  });

  await frames.verify();

  /** @param {Partial<ServerOptions>} [options] */
  async function serve(options) {
    const { udp, tcp } = await host();
    return connectServer({ udp, tcp, clock, zones: [new Zone(origin, records)], ...options });
  }

  /**
   * Runs dig, and sees that it has nothing to complain about.
   *
   * @param {string} server
   * @param {string[]} words
   */
  async function dig(server, ...words) {
    const output = await run("dig", `@${server}`, "+tries=1", "+time=5", ...words);
    const complaints = output
      .split("\n")
      .filter((line) => /warning|malformed|mismatch/i.test(line))
      .filter((line) => !line.includes("recursion requested but not available"));
    holds(complaints.length === 0, output);
    return output;
  }
});

/**
 * Asks the same so many times at once; gives how many answers came.
 *
 * @param {string} address
 * @param {number} count
 */
async function flood(address, count) {
  const socket = createSocket("udp4");
  let replies = 0;
  socket.on("message", () => (replies += 1));
  const name = Buffer.from("\x03www\x07example\0", "latin1");
  const query = Buffer.concat([Buffer.from("000701000001000000000000", "hex"), name]);
  const question = Buffer.concat([query, Buffer.from([0, 1, 0, 1])]);
  for (let sent = 0; sent < count; sent += 1) {
    socket.send(question, 53, address);
    // Our own stack is of this process, too.
    if (sent % 50 === 49) await sleep(5);
  }
  let before = -1;
  for (let round = 0; round < 30; round += 1) {
    await sleep(300);
    if (replies > 0 && replies === before) break;
    before = replies;
  }
  socket.close();
  return replies;
}

/** @param {readonly import("fata-morgana/net/dns/packet").DnsRecord[]} records */
function sorted(records) {
  return records.map((record) => formatZone([record], "").toLowerCase()).toSorted();
}

/** @param {string} tap */
function dnsmasqFlags(tap) {
  return [
    ..."--no-daemon --conf-file=/dev/null --no-resolv --no-hosts --user=root".split(" "),
    ...`--bind-interfaces --interface=${tap} --except-interface=lo`.split(" "),
  ];
}

/** @param {{ ipv4: string, ipv6: string }} kernel */
function labRecords({ ipv4, ipv6 }) {
  const large = Array.from({ length: 12 }, () => "x".repeat(200)).join(",");
  return [
    "--local-ttl=30",
    `--host-record=kernel.lab,${ipv4},${ipv6}`,
    "--cname=alias.lab,kernel.lab",
    "--mx-host=lab,kernel.lab,10",
    "--srv-host=_http._tcp.lab,kernel.lab,80",
    `--txt-record=large.lab,${large}`,
  ];
}

/**
 * @param {string} output
 * @param {string[]} texts
 */
function is(output, ...texts) {
  const missing = texts.find((text) => !output.includes(text));
  holds(missing === undefined, `"${missing}" is missing:\n${output}`);
}

/**
 * @param {boolean} truth
 * @param {string} message
 */
function holds(truth, message) {
  if (!truth) throw new Error(message);
}
