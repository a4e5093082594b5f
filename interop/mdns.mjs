// Our multicast DNS beside Avahi: each finds the names and services of the other, and gives way.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connect as connectMdns } from "fata-morgana/net/mdns/mdns";
import { connect as connectClock } from "fata-morgana/platform-node/clock";
import { connect as connectRandom } from "fata-morgana/platform-node/random";
import { capture } from "./capture.mjs";
import { ours } from "./host.mjs";
import { withTap } from "./lab.mjs";

/** @typedef {import("./lab.mjs").Program} Program */

const folder = mkdtempSync(join(tmpdir(), "morgana-mdns-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const clock = connectClock();
const random = connectRandom();

/** @type {readonly Program[]} */
const avahi = ["avahi-daemon", "avahi-browse", "avahi-publish", "dbus-daemon"];

const web = {
  name: "Our Web (ü)",
  type: "_http._tcp",
  port: 8080,
  texts: { path: "/index", secure: /** @type {const} */ (true) },
};

// A bus of our own, for Avahi and its tools.
const bus = `unix:path=${join(folder, "bus")}`;
process.env.DBUS_SYSTEM_BUS_ADDRESS = bus;

await withTap(import.meta.url, async (lab) => {
  const { check, host, kernel, run, start, tap } = lab;
  const frames = await capture(lab);

  await check("Avahi finds our name and our service, and loses them", avahi, async () => {
    await startAvahi();
    const mdns = await connectOurs("mirage");
    const publication = await mdns.publish({ ...web, subtypes: ["_site"] });
    holds(publication.name === web.name, publication.name);
    is(await run("avahi-resolve", "-4", "-n", "mirage.local"), ours.ipv4);
    is(await run("avahi-resolve", "-6", "-n", "mirage.local"), "mirage.local");
    const found = await browse("_http._tcp");
    is(
      found,
      "Our\\032Web\\032\\040\\195\\188\\041",
      "mirage.local",
      ";8080;",
      '"path=/index"',
      '"secure"',
      ours.ipv4,
    );
    is(await browse("_site._sub._http._tcp"), "mirage.local");
    is(await run("avahi-browse", "-t", "-p", "-k", "-a"), "_http._tcp");
    const watching = start("avahi-browse", "-p", "_http._tcp");
    await watching.shows("+;tap0;IPv4");
    await publication[Symbol.asyncDispose]();
    await watching.shows("-;tap0;IPv4");
    await mdns[Symbol.asyncDispose]();
    return found.split("\n").find((line) => line.startsWith("=;tap0;IPv4"));
  });

  await check("we find Avahi's name and its service, and lose it", avahi, async () => {
    await startAvahi();
    const mdns = await connectOurs("mirage");
    /** @type {string[]} */
    const seen = [];
    const stop = mdns.browse("_ipp._tcp", ({ kind, service }) => {
      const { name, port, host: at, addresses, texts } = service;
      seen.push(`${kind} ${name} ${port} ${at} ${addresses.join()} ${JSON.stringify(texts)}`);
    });
    const names = await mdns.resolve("kernel.local");
    holds(names.includes(kernel.ipv4), names.join());
    const words = ["-s", "Kernel's Printer", "_ipp._tcp", "631", "rp=queue", "color"];
    const publishing = start("avahi-publish", ...words);
    await until(
      () => seen.some((each) => each.includes(kernel.ipv4)),
      () => seen.join("\n"),
    );
    is(seen.join("\n"), "found Kernel's Printer 631 kernel.local", '"rp":"queue"', '"color":true');
    await publishing.stop();
    await until(
      () => seen.at(-1)?.startsWith("lost") === true,
      () => seen.join("\n"),
    );
    stop();
    await mdns[Symbol.asyncDispose]();
    return seen.find((each) => each.includes(kernel.ipv4));
  });

  await check("names that Avahi has become others, and Avahi gives way, too", avahi, async () => {
    await startAvahi();
    const publishing = start("avahi-publish", "-s", web.name, web.type, "80");
    await publishing.shows("Established");
    const mdns = await connectOurs("kernel");
    const { name } = await mdns.publish(web);
    holds(mdns.hostName === "kernel-2.local", `${mdns.hostName}`);
    holds(name === `${web.name} (2)`, name);
    is(await run("avahi-resolve", "-4", "-n", "kernel.local"), kernel.ipv4);
    is(await run("avahi-resolve", "-4", "-n", "kernel-2.local"), ours.ipv4);
    const { name: first } = await mdns.publish({ ...web, name: "Taken" });
    const second = start("avahi-publish", "-s", "Taken", web.type, "80");
    await second.shows("Established");
    is(second.output(), "collision", "Taken #2");
    await mdns[Symbol.asyncDispose]();
    return `kernel-2.local, "${name}"; Avahi's became "${first} #2"`;
  });

  await check("dig, which knows nothing of it, is answered by name", ["dig"], async () => {
    const mdns = await connectOurs("mirage");
    await mdns.publish(web);
    const words = ["-p", "5353", "+tries=1", "+time=3", "mirage.local", "A"];
    is(await run("dig", `@${ours.ipv4}`, ...words), "mirage.local.", "\t10\tIN\tA\t10.9.0.2");
    const types = ["-p", "5353", "+tries=1", "+time=3", "_http._tcp.local", "PTR"];
    is(
      await run("dig", `@${ours.ipv6}`, ...types),
      "PTR\tOur\\032Web",
      "SRV 0 0 8080 mirage.local.",
    );
    await mdns[Symbol.asyncDispose]();
  });

  await frames.verify();

  /** @param {string} hostName */
  async function connectOurs(hostName) {
    const stack = await host();
    const mdns = connectMdns({ stack, clock, random, hostName });
    await until(
      () => mdns.hostName !== undefined,
      () => "We have no name",
    );
    return mdns;
  }

  async function startAvahi() {
    const busFile = join(folder, "bus.conf");
    const file = join(folder, "avahi.conf");
    rmSync(join(folder, "bus"), { force: true });
    writeFileSync(busFile, busConfiguration(bus));
    writeFileSync(file, avahiConfiguration(tap));
    const daemon = start("dbus-daemon", `--config-file=${busFile}`, "--nofork", "--print-address");
    await daemon.shows("unix:path");
    const words = ["-f", file, "--no-drop-root", "--no-chroot", "--no-rlimits"];
    const started = start("avahi-daemon", ...words);
    await started.shows("Server startup complete");
    return started;
  }

  /** @param {string} type */
  function browse(type) {
    return run("avahi-browse", "-r", "-t", "-p", type);
  }
});

/**
 * @param {() => boolean} holdsNow
 * @param {() => string} what
 */
async function until(holdsNow, what) {
  for (let waitedMs = 0; !holdsNow(); waitedMs += 20) {
    if (waitedMs >= 15_000) throw new Error(what());
    await sleep(20);
  }
}

/** @param {string} address */
function busConfiguration(address) {
  return `<busconfig>
    <type>system</type>
    <listen>${address}</listen>
    <auth>EXTERNAL</auth>
    <policy context="default">
      <allow user="*"/><allow own="*"/>
      <allow send_type="method_call"/><allow send_type="signal"/>
      <allow send_type="method_return"/><allow send_type="error"/>
      <allow receive_type="method_call"/><allow receive_type="signal"/>
      <allow receive_type="method_return"/><allow receive_type="error"/>
    </policy>
  </busconfig>\n`;
}

/** @param {string} tap */
function avahiConfiguration(tap) {
  return `[server]
host-name=kernel
use-ipv4=yes
use-ipv6=yes
allow-interfaces=${tap}
[publish]
publish-hinfo=no
publish-workstation=no
`;
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
