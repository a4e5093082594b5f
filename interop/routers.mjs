// Our router between the Linux kernel and itself: one TAP device inside, in the lab's namespace, and
// another outside, in a namespace of its own. Forwarding, translation, fragments, and what a narrower
// link makes of them.

import { spawn } from "node:child_process";
import { randomBytes, createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseAddress, parsePrefix } from "fata-morgana/net/address";
import { Filter } from "fata-morgana/net/filter/filter";
import { parse } from "fata-morgana/net/filter/parse";
import { Nat } from "fata-morgana/net/nat/nat";
import { connect as connectRouter } from "fata-morgana/net/router/router";
import { connect as connectClock } from "fata-morgana/platform-node/clock";
import { connect as connectNetwork } from "fata-morgana/platform-node/network-socket";
import { parseSocketLink } from "fata-morgana/platform-node/network-socket-link";
import { connect as connectRandom } from "fata-morgana/platform-node/random";
import { capture } from "./capture.mjs";
import { withTap } from "./lab.mjs";

/** Set in a process that has the second TAP device as descriptor 4. */
const secondVariable = "MORGANA_INTEROP_SECOND";
const secondTap = "tap1";

/** Opens another TAP device, and becomes another program that keeps both. */
const openSecond = `
  use Fcntl; use POSIX ();
  my ($name, @program) = @ARGV;
  sysopen(my $tap, "/dev/net/tun", O_RDWR) or die "Cannot open /dev/net/tun: $!\\n";
  my $request = pack("a16 S x22", $name, 0x0002 | 0x1000);
  ioctl($tap, 0x400454ca, $request) or die "Cannot make $name: $!\\n";
  POSIX::dup2(fileno($tap), 4) unless fileno($tap) == 4;
  $^F = 4;
  for my $kept (3, 4) { open(my $handle, "<&=", $kept); fcntl($handle, F_SETFD, 0); push @all, $handle; }
  exec @program or die "Cannot run $program[0]: $!\\n";`;

const inside = { router: "10.9.0.2", router6: "fd00:9::2" };
const outside = { router: "203.0.113.1", kernel: "203.0.113.9", kernel6: "2001:db8:2::9" };
const isQuick = process.argv.includes("--quick");
const transferBytes = isQuick ? 4_000_000 : 40_000_000;
const narrowBytes = 1300;

await withTap(import.meta.url, async (lab) => {
  const { check, run, start, tap, kernel } = lab;
  if (process.env[secondVariable] === undefined) {
    await inSecond();
    return;
  }
  const far = spawn("unshare", ["--net", "sleep", "600"], { stdio: "ignore" });
  process.on("exit", () => far.kill());
  await new Promise((resolve) => setTimeout(resolve, 200));
  const there = ["nsenter", "-t", `${far.pid}`, "-n"];
  /** @param {string} words */
  const outsideRun = (words) => run(there[0] ?? "", ...there.slice(1), ...words.split(" "));
  await run("ip", "link", "set", secondTap, "netns", `${far.pid}`);
  for (const words of [
    "link set lo up",
    `link set ${secondTap} mtu ${narrowBytes} up`,
    `addr add ${outside.kernel}/24 dev ${secondTap}`,
    `addr add ${outside.kernel6}/64 dev ${secondTap} nodad`,
    `route add 10.9.0.0/24 via ${outside.router}`,
    "-6 route add fd00:9::/64 via 2001:db8:2::1",
  ]) {
    await outsideRun(`ip ${words}`);
  }
  await run("ip", "route", "add", "default", "via", inside.router);
  const frames = await capture(lab);
  const folder = mkdtempSync(join(tmpdir(), "morgana-routers-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "sent");
  // As text, in which tshark finds no protocol of its own.
  writeFileSync(file, randomBytes(transferBytes / 2).toString("hex"));

  const clock = connectClock();
  const random = connectRandom();
  const networks = {
    lan: await connectNetwork({ link: parseSocketLink("fd:3") }),
    wan: await connectNetwork({ link: parseSocketLink("fd:4"), mtu: narrowBytes }),
  };
  const router = await connectRouter({
    clock,
    random,
    interfaces: [
      { name: "lan", network: networks.lan, addresses: prefixes("10.9.0.2/24", "fd00:9::2/64") },
      {
        name: "wan",
        network: networks.wan,
        addresses: prefixes("203.0.113.1/24", "2001:db8:2::1/64"),
      },
    ],
  });

  await check("the kernel configures itself by what we advertise", [], async () => {
    for (let tries = 0; tries < 100; tries += 1) {
      const routes = await run("ip", "-6", "route");
      const addresses = await run("ip", "-6", "addr", "show", "dev", tap);
      if (
        /default via fe80::\S+ dev tap0 proto ra/.test(routes) &&
        /fd00:9::\S+\/64 scope global dynamic/.test(addresses)
      ) {
        return "an address of the prefix, and a default route";
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(await run("ip", "-6", "route"));
  });

  await check(
    `a ping wider than the ${narrowBytes} bytes of outside learns of it`,
    ["ping"],
    async () => {
      const probe = start("ping", "-M", "do", "-c", "2", "-s", "1400", outside.kernel);
      await probe.ended;
      if (
        !probe.output().includes(`mtu = ${narrowBytes}`) &&
        !probe.output().includes(`mtu=${narrowBytes}`)
      ) {
        throw new Error(probe.output());
      }
      const probe6 = start("ping", "-M", "do", "-c", "2", "-s", "1400", outside.kernel6);
      await probe6.ended;
      if (!/mtu ?= ?1300/.test(probe6.output())) throw new Error(probe6.output());
      return "both versions are told";
    },
  );

  for (const to of [outside.kernel, outside.kernel6]) {
    await check(`ping floods ${to} through us`, ["ping"], () =>
      pinged("-f", "-c", "1000", "-s", "1000", to),
    );
    await check(`ping of ${to} in fragments`, ["ping"], () =>
      pinged("-i", "0.05", "-c", "20", "-s", "20000", to),
    );
    await check(`nc carries ${transferBytes / 1e6} MB to ${to}`, ["nc"], () => transfer(to));
    await check(`traceroute to ${to} finds us first`, ["traceroute"], async () => {
      const hops = await run("traceroute", "-n", "-w", "2", "-q", "1", to);
      const us = to.includes(":") ? inside.router6 : inside.router;
      if (!hops.includes(` 1  ${us}`) || !hops.includes(` 2  ${to}`)) throw new Error(hops);
      return "two hops";
    });
  }

  await check(
    "where nobody is, and where no route leads, the kernel is told",
    ["ping"],
    async () => {
      for (const [to, words] of [
        ["203.0.113.77", "Destination Host Unreachable"],
        ["198.51.100.1", "Destination Net Unreachable"],
        ["2001:db8:2::77", "Address unreachable"],
        ["2001:db8:77::1", "No route"],
      ]) {
        const ping = start("ping", "-c", "1", "-w", "5", `${to}`);
        await ping.ended;
        if (!ping.output().includes(`${words}`)) throw new Error(ping.output());
      }
      return "hosts and networks of both versions";
    },
  );

  const filter = new Filter({
    clock,
    ...parse("allow in lan\nallow icmp\ndefault deny\ndefault output allow"),
  });
  const nat = new Nat({
    clock,
    random,
    outside: "wan",
    address: addressOf(outside.router),
    refuse: (packet) => router.report(packet, "portUnreachable"),
  });
  router.use(filter);
  router.use(nat);
  // From now on outside knows nothing of inside.
  await outsideRun("ip route del 10.9.0.0/24");

  await check("ping through the translator, in fragments too", ["ping"], async () => {
    await pinged("-f", "-c", "500", outside.kernel);
    return pinged("-i", "0.05", "-c", "20", "-s", "20000", outside.kernel);
  });
  await check("nc through the translator", ["nc"], async () => {
    const rate = await transfer(outside.kernel);
    if (!nat.mappings.some(({ inside: from }) => from.startsWith(kernel.ipv4))) {
      throw new Error("Nothing was translated");
    }
    return rate;
  });
  await check("traceroute through the translator", ["traceroute"], async () => {
    for (const method of ["default", "icmp", "tcp"]) {
      const hops = await run(
        "traceroute",
        "-n",
        "-w",
        "2",
        "-q",
        "1",
        "-M",
        method,
        outside.kernel,
      );
      if (!hops.includes(` 2  ${outside.kernel}`)) throw new Error(hops);
    }
    return "by UDP, ICMP and TCP";
  });
  await check("nobody comes in who was not asked", ["nc"], async () => {
    const listening = start("nc", "-6", "-l", "40003");
    const knocking = start(
      there[0] ?? "",
      ...there.slice(1),
      "nc",
      "-w",
      "2",
      "-z",
      kernel.ipv6,
      "40003",
    );
    if ((await knocking.ended) === 0) throw new Error("It came in");
    await listening.stop();
    const { denied, invalid } = filter.counters;
    return `${denied} denied, ${invalid} of nothing`;
  });

  await frames.verify();
  await router[Symbol.asyncDispose]();
  far.kill();

  /** Starts this file again, with a second TAP device. */
  async function inSecond() {
    const program = [process.execPath, fileURLToPath(import.meta.url), ...process.argv.slice(2)];
    const child = spawn("perl", ["-e", openSecond, secondTap, ...program], {
      stdio: ["inherit", "inherit", "inherit", 3],
      env: { ...process.env, [secondVariable]: "1" },
    });
    const code = await new Promise((resolve) => child.on("close", resolve));
    if (code !== 0) process.exit(1);
  }

  /** @param {string[]} args */
  async function pinged(...args) {
    const summary = await run("ping", "-q", ...args);
    if (!summary.includes(" 0% packet loss")) throw new Error(summary);
    const [, averageMs] = /= [\d.]+\/([\d.]+)\//.exec(summary) ?? [];
    return `${averageMs} ms each`;
  }

  /**
   * Sends a file outside, and compares what arrived by its hash.
   *
   * @param {string} to
   */
  async function transfer(to) {
    const received = join(folder, "received");
    const family = to.includes(":") ? "-6" : "-4";
    const listener = start("sh", "-c", `${there.join(" ")} nc ${family} -l -d 40002 > ${received}`);
    for (let tries = 0; tries < 250; tries += 1) {
      if ((await outsideRun("ss -Hltn")).includes(":40002")) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const startedMs = performance.now();
    await run("sh", "-c", `nc -N ${to} 40002 < ${file}`);
    await listener.ended;
    const seconds = (performance.now() - startedMs) / 1_000;
    const [sent, arrived] = [file, received].map((each) =>
      createHash("sha256").update(readFileSync(each)).digest("hex"),
    );
    if (sent !== arrived) throw new Error("What arrived is not what was sent");
    return `${((transferBytes * 8) / seconds / 1e6).toFixed(0)} Mbit/s`;
  }
});

/** @param {string[]} texts */
function prefixes(...texts) {
  return texts.flatMap((text) => parsePrefix(text) ?? []);
}

/** @param {string} text */
function addressOf(text) {
  return parseAddress(text) ?? new Uint8Array(4);
}
