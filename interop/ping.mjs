// ICMP of both versions, with fragments, time to live and ports where nobody is.

import { capture } from "./capture.mjs";
import { ours } from "./host.mjs";
import { withTap } from "./lab.mjs";

const floodCount = 2_000;
const largeBytes = 60_000;

const behind = {
  ipv4: { network: "10.7.0.0/24", far: "10.7.0.9" },
  ipv6: { network: "fd00:7::/64", far: "fd00:7::9" },
};

await withTap(import.meta.url, async (lab) => {
  const { check, forward, host, kernel, run, tap } = lab;
  const frames = await capture(lab);
  const versions = /** @type {const} */ (["ipv4", "ipv6"]);

  for (const version of versions) {
    const name = version === "ipv4" ? "ping" : "ping6";
    const address = ours[version];

    await check(`${name} floods us`, ["ping"], async () => {
      await host();
      await run("ping", "-c", "1", "-w", "5", address);
      return pinged("-f", "-s", "1400", "-c", `${floodCount}`, address);
    });

    await check(`${name} in fragments`, ["ping"], async () => {
      await host();
      return pinged("-i", "0.01", "-s", `${largeBytes}`, "-c", "50", address);
    });

    await check(`${name} of ours to the kernel`, [], async () => {
      const { icmp } = await host();
      const times = [];
      for (const payloadBytes of [0, 56, 1_472, largeBytes]) {
        const reply = await icmp?.echo(kernel[version], { payloadBytes });
        if (reply?.payloadBytes !== payloadBytes) throw new Error(`${reply?.payloadBytes} bytes`);
        times.push(reply.roundTripMs.toFixed(2));
      }
      return `${times.join(", ")} ms, the last with ${largeBytes} bytes`;
    });

    await check(`traceroute over ${version} to us`, ["traceroute"], async () => {
      await host();
      const families = version === "ipv4" ? [] : ["-6"];
      for (const method of ["default", "icmp", "tcp"]) {
        const seen = await run("traceroute", ...families, "-M", method, "-n", "-w", "2", address);
        const hops = seen.split("\n").filter((line) => /^ *\d+ /.test(line));
        if (hops.length !== 1 || !hops[0]?.includes(address) || hops[0].includes("*")) {
          throw new Error(seen);
        }
      }
      return "by UDP, ICMP and TCP, one hop";
    });

    await check(`a router tells us over ${version} that the time to live is over`, [], async () => {
      // The kernel believes that a network behind it is on the TAP device, too.
      const { network, far } = behind[version];
      forward();
      await run("ip", "route", "replace", network, "dev", tap);
      const { icmp } = await host();
      const exceeded = version === "ipv4" ? 11 : 3;
      const types = new Set();
      icmp?.onReport(({ type }) => types.add(type));
      const error = await icmp?.echo(far, { timeToLive: 1 }).catch((each) => each);
      if (!types.has(exceeded)) throw new Error(`Only ${[...types].join()} came: ${error}`);
      return `${error.code}: ${error.message}`;
    });
  }

  await frames.verify();

  /** @param {string[]} args */
  async function pinged(...args) {
    const summary = await run("ping", "-q", ...args);
    if (!summary.includes(" 0% packet loss")) throw new Error(summary);
    const [, count] = / (\d+) received/.exec(summary) ?? [];
    const [, averageMs] = /= [\d.]+\/([\d.]+)\//.exec(summary) ?? [];
    return `${count} of ${count}, ${averageMs} ms each`;
  }
});
