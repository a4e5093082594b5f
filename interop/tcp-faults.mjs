// TCP over a link that loses, delays, doubles and reorders: all that is sent still arrives, once.

import { setTimeout as sleep } from "node:timers/promises";
import { ours } from "./host.mjs";
import { withTap } from "./lab.mjs";
import { receive, send } from "./transfer.mjs";

/** With `--quick`, less is sent. */
const divisor = process.argv.includes("--quick") ? 4 : 1;

const links = [
  { mebibytes: 64, faults: ["--loss=0.01"] },
  { mebibytes: 16, faults: ["--loss=0.01", "--delay-ms=10"] },
  { mebibytes: 32, faults: ["--reordering=0.1", "--delay-ms=5", "--hold-back-ms=3"] },
  { mebibytes: 64, faults: ["--duplication=0.2"] },
  {
    mebibytes: 8,
    faults: ["--loss=0.05", "--duplication=0.05", "--reordering=0.05", "--delay-ms=2"],
  },
  { mebibytes: 0.25, faults: ["--loss=0.2", "--delay-ms=1"] },
];

await withTap(import.meta.url, async (lab) => {
  const { check, fd, host, kernel, start } = lab;

  for (const { mebibytes, faults } of links) {
    const bytes = (mebibytes * 2 ** 20) / divisor;
    const name = faults.join(" ").replaceAll("--", "");

    await check(`to us with ${name}`, ["socat"], async () => {
      const stack = await bridged(faults);
      return receive(lab, stack, { to: ours.ipv4, bytes, program: "socat" });
    });

    await check(`from us with ${name}`, ["socat"], async () => {
      const stack = await bridged(faults);
      const took = await send(lab, stack, { to: kernel.ipv4, bytes, program: "socat" });
      // They are counted once the connection has ended.
      await sleep(300);
      const { tcpRetransmissions = 0, tcpSegmentsOut = 0 } = stack.counters;
      return `${took}; ${tcpRetransmissions} of ${tcpSegmentsOut} segments again`;
    });
  }

  /**
   * Our stack, with such a link between it and the TAP device.
   *
   * @param {readonly string[]} faults
   */
  async function bridged(faults) {
    const nets = [`fd:${fd}`, "stream::4000"];
    const bridge = start(process.execPath, "interop/faulty-bridge.mjs", ...nets, ...faults);
    const stack = await host({ net: "listen::4000" });
    await bridge.shows("ready");
    return stack;
  }
});
