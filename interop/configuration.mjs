// What a network tells us: addresses, routers and name servers, by DHCP and by routers of IPv6.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { capture } from "./capture.mjs";
import { withTap } from "./lab.mjs";

/** @typedef {import("fata-morgana/devices").Stack} Stack */

const folder = mkdtempSync(join(tmpdir(), "morgana-configuration-"));
process.on("exit", () => rmSync(folder, { recursive: true, force: true }));

const greeting = "Hello from the kernel";
const port = 7_000;

await withTap(import.meta.url, async (lab) => {
  const { check, forward, host, kernel, run, start, tap } = lab;
  const frames = await capture(lab);
  const server = createServer((socket) => socket.end(greeting)).listen({ host: "::", port });

  await check("dnsmasq gives us an address, a router and names", ["dnsmasq"], async () => {
    const dnsmasq = await startDnsmasq();
    const stack = await host({ ipv4: "dhcp", ipv6: "none", hostName: "mirage" });
    await stack.configured();
    const [address = ""] = stack.addresses;
    holds(/^10\.9\.0\.1[0-5]\d\/24$/.test(address), address);
    const names = await stack.resolver.resolve("kernel.lab", { family: 4 });
    holds(names.join() === kernel.ipv4, names.join());
    await greets(stack, "kernel.lab");
    await greets(stack, "kernel");
    // It knows us by the name that we gave.
    const back = await stack.resolver.resolve("mirage.lab", { family: 4 });
    holds(`${back.join()}/24` === address, `mirage.lab is ${back.join()}`);
    await dnsmasq.shows("DHCPACK");
    const echo = await run("ping", "-q", "-c", "3", "-i", "0.01", back.join());
    holds(echo.includes(" 0% packet loss"), echo);
    return `${address}, as ${back.join()} too; connected to kernel.lab, and kernel`;
  });

  await check("dnsmasq renews our lease when T1 has passed", ["dnsmasq"], async () => {
    // Its shortest lease is of two minutes, and the shortest time within it of three seconds.
    const dnsmasq = await startDnsmasq("--dhcp-option=option:T1,3", "--dhcp-option=option:T2,60");
    const stack = await host({ ipv4: "dhcp", ipv6: "none" });
    await stack.configured();
    const [address = ""] = stack.addresses;
    const times = (/** @type {string} */ text) => dnsmasq.output().split(text).length - 1;
    holds(times("DHCPDISCOVER") > 0 && times("DHCPACK") === 1, dnsmasq.output());
    for (let waitedMs = 0; times("DHCPACK") < 3 && waitedMs < 9_000; waitedMs += 20)
      await sleep(20);
    holds(times("DHCPACK") === 3 && times("DHCPDISCOVER") === 1, dnsmasq.output());
    holds(stack.addresses.join() === address, stack.addresses.join());
    await greets(stack, "kernel.lab");
    return `${address}, twice`;
  });

  await check("records of all types come from dnsmasq", ["dnsmasq"], async () => {
    await startDnsmasq();
    const { resolver } = await host({ dnsServers: [kernel.ipv4] });
    const [mx] = await resolver.records("lab", "MX");
    holds(mx?.preference === 10 && mx.target === "kernel.lab", JSON.stringify(mx));
    const [srv] = await resolver.records("_http._tcp.lab", "SRV");
    holds(srv?.port === 80 && srv.target === "kernel.lab", JSON.stringify(srv));
    const [pointer] = await resolver.records("1.0.9.10.in-addr.arpa", "PTR");
    holds(pointer?.target === "kernel.lab", JSON.stringify(pointer));
    const texts = await resolver.records("large.lab", "TXT");
    // More than a datagram of 1,232 bytes: it has come over TCP.
    const bytes = texts.flatMap((each) => each.texts).reduce((sum, { length }) => sum + length, 0);
    holds(bytes === 12 * 200, `${bytes} bytes of text`);
    const [aaaa] = await resolver.resolve("kernel.lab", { family: 6 });
    holds(aaaa === kernel.ipv6, `${aaaa}`);
    const alias = await resolver.resolve("alias.lab", { family: 4 });
    holds(alias.join() === kernel.ipv4, alias.join());
    const missing = await resolver.resolve("missing.lab").catch((error) => error.code);
    holds(missing === "not-found", `${missing}`);
    return `TXT of ${bytes} bytes over TCP`;
  });

  await check(
    "radvd gives us an address, a router and a name server",
    ["radvd", "dnsmasq"],
    async () => {
      await startDnsmasq();
      forward();
      const file = join(folder, "radvd.conf");
      writeFileSync(file, radvdConfiguration(tap, kernel.ipv6));
      start(
        "radvd",
        "-n",
        "-C",
        file,
        "-p",
        join(folder, "radvd.pid"),
        "-m",
        "stderr",
        "-u",
        "root",
      );
      const stack = await host({ ipv4: "none", ipv6: "auto" });
      const address = await addressThat(stack, (each) => each.startsWith("fd00:9:"));
      // Beyond the router: the loopback device has it.
      await run("ip", "addr", "replace", "fd00:8::1/128", "dev", "lo");
      const reply = await stack.icmp?.echo("fd00:8::1");
      await greets(stack, "kernel.lab");
      await greets(stack, "kernel");
      return `${address}; fd00:8::1 behind the router in ${reply?.roundTripMs.toFixed(2)} ms`;
    },
  );

  await frames.verify();

  const qemuName = "QEMU's network gives us addresses and routers";
  await check(qemuName, ["qemu-system-x86_64"], async () => {
    const connecting = host({ net: "listen:127.0.0.1:4100", ipv4: "dhcp", ipv6: "auto" });
    const forwarding = "hostfwd=tcp:127.0.0.1:7100-10.0.2.15:7";
    start("qemu-system-x86_64", ...qemuUser(4_100, forwarding));
    const stack = await connecting;
    await stack.configured();
    const [address = ""] = stack.addresses;
    holds(address === "10.0.2.15/24", address);
    const reply = await stack.icmp?.echo("10.0.2.2");
    holds(reply?.payloadBytes === 56, "It does not answer pings");
    // 10.0.2.2 is the machine's own loopback device.
    await greets(stack, "10.0.2.2");
    await addressThat(stack, (each) => each.startsWith("fec0:"));
    await greets(stack, "fec0::2");
    stack.tcp.listen(7, async (flow) => {
      await flow.write(new TextEncoder().encode("Hello from us"));
      await flow[Symbol.asyncDispose]();
    });
    const answer = await run("socat", "-u", "TCP:127.0.0.1:7100", "STDOUT");
    holds(answer === "Hello from us", answer);
    return stack.addresses.join(", ");
  });

  server.close();

  async function startDnsmasq(/** @type {string[]} */ ...more) {
    const dnsmasq = start("dnsmasq", ...dnsmasqFlags(tap, kernel), ...more);
    await dnsmasq.shows("started");
    return dnsmasq;
  }
});

/**
 * Connects by name, and hears the greeting.
 *
 * @param {Stack} stack
 * @param {string} name
 */
async function greets(stack, name) {
  const flow = await stack.connect(name, port);
  const bytes = await flow.read();
  const seen = new TextDecoder().decode(bytes);
  await flow[Symbol.asyncDispose]();
  holds(seen === greeting, `${name} says "${seen}"`);
}

/**
 * Waits for an address.
 *
 * @param {Stack} stack
 * @param {(address: string) => boolean} isWanted
 */
async function addressThat(stack, isWanted) {
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 20) {
    const found = stack.addresses.find(isWanted);
    if (found !== undefined) return found;
    await sleep(20);
  }
  throw new Error(`There are only ${stack.addresses.join(", ")}`);
}

/**
 * Of a DHCP and name server that asks nobody else.
 *
 * @param {string} tap
 * @param {{ ipv4: string, ipv6: string }} kernel
 */
function dnsmasqFlags(tap, { ipv4, ipv6 }) {
  const large = Array.from({ length: 12 }, () => "x".repeat(200)).join(",");
  return [
    ..."--no-daemon --conf-file=/dev/null --no-resolv --no-hosts --user=root".split(" "),
    ..."--log-dhcp --dhcp-authoritative --bind-interfaces --domain=lab".split(" "),
    `--interface=${tap}`,
    `--dhcp-leasefile=${join(folder, "leases")}`,
    "--dhcp-range=10.9.0.100,10.9.0.150,2m",
    `--dhcp-option=option:router,${ipv4}`,
    "--dhcp-option=option:domain-search,lab",
    `--host-record=kernel.lab,${ipv4},${ipv6}`,
    "--cname=alias.lab,kernel.lab",
    "--mx-host=lab,kernel.lab,10",
    "--srv-host=_http._tcp.lab,kernel.lab,80",
    `--txt-record=large.lab,${large}`,
    "--local=/lab/",
  ];
}

/**
 * @param {string} tap
 * @param {string} server
 */
function radvdConfiguration(tap, server) {
  return `interface ${tap} {
    AdvSendAdvert on;
    MinRtrAdvInterval 3;
    MaxRtrAdvInterval 4;
    prefix fd00:9::/64 { AdvOnLink on; AdvAutonomous on; };
    RDNSS ${server} {};
    DNSSL lab {};
  };\n`;
}

/**
 * QEMU without a machine: a hub between a stream and its own network, which reaches nothing but
 * this namespace.
 *
 * @param {number} streamPort
 * @param {string} forwarding
 */
function qemuUser(streamPort, forwarding) {
  return [
    ..."-machine none -nodefaults -display none -serial none -monitor none".split(" "),
    "-netdev",
    `stream,id=stream,server=off,addr.type=inet,addr.host=127.0.0.1,addr.port=${streamPort}`,
    ..."-netdev hubport,id=one,hubid=0,netdev=stream".split(" "),
    "-netdev",
    `user,id=user,${forwarding}`,
    ..."-netdev hubport,id=other,hubid=0,netdev=user".split(" "),
  ];
}

/**
 * @param {boolean} truth
 * @param {string} message
 */
function holds(truth, message) {
  if (!truth) throw new Error(message);
}
