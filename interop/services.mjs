// What we serve to others: addresses, to the clients of Debian and of busybox; the time, to chrony and
// ntpdate, which serve it to us, too.

import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectDhcpServer } from "fata-morgana/net/dhcp/server";
import { connect as connectNtpClient } from "fata-morgana/net/ntp/client";
import { connect as connectNtpServer } from "fata-morgana/net/ntp/server";
import { capture } from "./capture.mjs";
import { clock, ours, random } from "./host.mjs";
import { withTap } from "./lab.mjs";

/** @typedef {import("fata-morgana/net/dhcp/server").DhcpServer} DhcpServer */

const folder = mkdtempSync(join(tmpdir(), "morgana-services-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Always the same, or what the kernel knows of its neighbour would be wrong for a while. */
const mac = "--mac=02:00:00:00:00:02";

/** A server that follows nobody, and does not touch the clock. */
const chronyConfiguration = `local stratum 10
allow
cmdport 0
pidfile ${join(folder, "chronyd.pid")}
`;

/** What clients tell their scripts, a line for each time. */
const told = join(folder, "told");

await withTap(import.meta.url, async (lab) => {
  const { check, fd, forward, host, kernel, run, start, tap } = lab;
  const frames = await capture(lab);

  // Before our own host opens the TAP device.
  await check(
    "the example dhcp has its leases again after it was stopped",
    ["busybox"],
    async () => {
      const disk = `--leases-disk=${join(folder, "leases.img")}`;
      const addresses = [`--ipv4=${ours.ipv4}/24`, "--first=10.9.0.100", "--last=10.9.0.150"];
      const command = ["dist/cli/index.js", "run", "examples/dhcp", `--net=fd:${fd}`];
      const morgana = () => start(process.execPath, ...command, mac, disk, ...addresses);
      const first = morgana();
      await first.shows("Leases: 0");
      const client = start(
        "busybox",
        ...udhcpcFlags(tap, script(tap)).filter((each) => each !== "-R"),
      );
      await first.shows("(box) for 3600 s");
      await client.stop();
      await first.stop();
      const lease = /10\.9\.0\.1\d\d is [\da-f:]+'s/.exec(first.output())?.[0] ?? "";
      const second = morgana();
      await second.shows("The disk has leases of before");
      await second.shows(lease);
      return lease;
    },
  );

  await check("dhclient gets, renews and gives back a lease", ["dhclient"], async () => {
    const server = await serve();
    const files = ["-lf", join(folder, "dhclient"), "-pf", join(folder, "pid")];
    const dhclient = ["dhclient", "-4", "-v", "-sf", script(tap), ...files];
    start(dhclient[0] ?? "", ...dhclient.slice(1), "-d", tap);
    const lease = await heldLease(server);
    await until("a renewal", () => counter(server, "acks") >= 2);
    holds(server.leases[0]?.address === lease.address, "It changed its address");
    await run("dhclient", ...dhclient.slice(1), "-r", tap);
    await until("a release", () => server.leases.length === 0);
    const words = readFileSync(told, "utf8");
    for (const word of [lease.address, "255.255.255.0", kernel.ipv4, "lab.test", "1400"]) {
      holds(words.includes(word), `Its script was not told ${word}: ${words}`);
    }
    await server[Symbol.asyncDispose]();
    return `${lease.address}; ${counter(server, "acks")} grants, released`;
  });

  await check("udhcpc gets, renews and gives back a lease", ["busybox"], async () => {
    const server = await serve();
    const udhcpc = start("busybox", ...udhcpcFlags(tap, script(tap)));
    const lease = await heldLease(server);
    holds(lease.hostName === "box", `It calls itself ${lease.hostName}`);
    await until("a renewal", () => counter(server, "acks") >= 2);
    holds(server.leases[0]?.address === lease.address, "It changed its address");
    await udhcpc.stop();
    await until("a release", () => server.leases.length === 0);
    await server[Symbol.asyncDispose]();
    return `${lease.address}; ${counter(server, "acks")} grants, released`;
  });

  await check("dnsmasq relays for a network behind it", ["busybox", "dnsmasq"], async () => {
    const server = await serve();
    forward();
    const client = start("unshare", "--net", "sh", "-c", "echo process $$; exec sleep 60");
    await client.shows("process ");
    const pid = /process (\d+)/.exec(client.output())?.[1] ?? "";
    await run("ip", ..."link add relay0 type veth peer name client0 netns".split(" "), pid);
    await run("ip", ..."addr add 10.8.0.1/24 dev relay0".split(" "));
    await run("ip", ..."link set relay0 up".split(" "));
    const inside = ["-t", pid, "-n"];
    await run("nsenter", ...inside, ..."ip link set client0 up".split(" "));
    const relay = ["--dhcp-relay=10.8.0.1", ours.ipv4].join(",");
    const flags = "--no-daemon --conf-file=/dev/null --port=0 --user=root --log-dhcp".split(" ");
    start("dnsmasq", ...flags, relay);
    await sleep(200);
    const udhcpc = udhcpcFlags("client0", script("client0"));
    start("nsenter", ...inside, "busybox", ...udhcpc);
    const lease = await heldLease(server);
    await server[Symbol.asyncDispose]();
    return `${lease.address}, for ${lease.mac}`;
  });

  await check("chronyd and ntpdate take the time from us", ["chronyd", "ntpdate"], async () => {
    const { udp } = await host();
    const server = connectNtpServer({ udp, clock });
    const answers = [];
    for (const address of [ours.ipv4, ours.ipv6]) {
      const once = await run("chronyd", "-Q", "-t", "10", `server ${address} iburst maxsamples 4`);
      answers.push(secondsIn(once, /wrong by (-?[\d.]+) seconds/));
    }
    const date = await run("ntpdate", "-q", "-p", "1", ours.ipv4);
    answers.push(secondsIn(date, /([+-][\d.]+) \+\/-/));
    holds(counter(server, "malformed") === 0, "It could not read what they asked");
    await server[Symbol.asyncDispose]();
    return `we are ${answers.join(", ")} s from them`;
  });

  await check("chronyd tells us the time, over both versions", ["chronyd"], async () => {
    const { udp } = await host();
    const file = join(folder, "chrony.conf");
    writeFileSync(file, chronyConfiguration);
    const chronyd = start("chronyd", "-x", "-d", "-u", "root", "-f", file);
    await chronyd.shows("chronyd version");
    while ((await run("ss", "-Hlun", "sport = :123")) === "") await sleep(20);
    const client = connectNtpClient({ udp, clock, random });
    const times = [];
    for (const address of [kernel.ipv4, kernel.ipv6]) {
      const time = await client.query(address, { spacingMs: 100 });
      holds(time.stratum === 10 && time.leap === "none", JSON.stringify(time));
      holds(time.sampleCount === 4, `${time.sampleCount} answers`);
      holds(Math.abs(time.offsetMs) < 50 && time.delayMs < 50, JSON.stringify(time));
      times.push(`${time.offsetMs.toFixed(3)} ms in ${time.delayMs.toFixed(3)} ms`);
    }
    await client[Symbol.asyncDispose]();
    return times.join(", ");
  });

  await frames.verify();

  /** A server of two networks, with leases of four seconds. */
  async function serve() {
    const network = {
      leaseSeconds: 4,
      domainName: "lab.test",
      searchDomains: ["lab.test", "a.lab.test"],
      mtuBytes: 1400,
    };
    return connectDhcpServer({
      stack: await host({ ipv6: "none" }),
      clock,
      address: ours.ipv4,
      subnets: [
        {
          ...network,
          network: "10.9.0.0/24",
          ranges: [["10.9.0.100", "10.9.0.150"]],
          routers: [kernel.ipv4],
        },
        { ...network, network: "10.8.0.0/24", ranges: [["10.8.0.50", "10.8.0.60"]] },
      ],
    });
  }
});

/** @param {DhcpServer} server */
async function heldLease(server) {
  await until("a lease", () => server.leases.length > 0);
  const [lease] = server.leases;
  if (lease === undefined) throw new Error("It has ended");
  return lease;
}

/**
 * @param {import("fata-morgana/devices").Device} server
 * @param {string} name
 */
function counter(server, name) {
  return server.counters[name] ?? 0;
}

/**
 * What a program says of a difference, which must be small: there is one clock.
 *
 * @param {string} text
 * @param {RegExp} pattern
 */
function secondsIn(text, pattern) {
  const seconds = Number(pattern.exec(text)?.[1] ?? NaN);
  holds(Math.abs(seconds) < 0.05, text);
  return seconds;
}

/**
 * A script for clients, which notes what it is told and does as it is told.
 *
 * @param {string} device
 */
function script(device) {
  const file = join(folder, "script");
  if (existsSync(told)) rmSync(told);
  writeFileSync(
    file,
    `#!/bin/sh
set | grep -E "^(reason|new_|ip|subnet|router|search|domain|mtu)" >> ${told}
address="\${new_ip_address:-$ip}"
[ -n "$address" ] && ip addr replace "$address/24" dev ${device}
exit 0
`,
  );
  chmodSync(file, 0o755);
  return file;
}

/**
 * @param {string} device
 * @param {string} file
 */
function udhcpcFlags(device, file) {
  return [
    "udhcpc",
    "-i",
    device,
    "-f",
    "-R",
    "-t",
    "5",
    "-T",
    "1",
    "-x",
    "hostname:box",
    "-s",
    file,
  ];
}

/**
 * @param {string} what
 * @param {() => boolean} isSo
 */
async function until(what, isSo) {
  for (let waitedMs = 0; !isSo(); waitedMs += 20) {
    if (waitedMs > 15_000) throw new Error(`There is no sign of ${what}`);
    await sleep(20);
  }
}

/**
 * @param {boolean} truth
 * @param {string} message
 */
function holds(truth, message) {
  if (!truth) throw new Error(message);
}
