// The bridge with faults does what it is asked to, as the kernel's pings see it.

import { ours } from "./host.mjs";
import { withTap } from "./lab.mjs";

const pingCount = 1_000;
const address = ours.ipv4;

await withTap(import.meta.url, async ({ fd, check, host, run, start, tap }) => {
  /**
   * Pings through a bridge with these faults, and reads what ping counted.
   *
   * @param {string[]} faults
   */
  async function pingThrough(...faults) {
    const nets = [`fd:${fd}`, "stream::4000"];
    const bridge = start(process.execPath, "interop/faulty-bridge.mjs", ...nets, ...faults);
    await host({ net: "listen::4000", mac: Uint8Array.of(2, 0, 0, 0, 0, 2) });
    await bridge.shows("ready");
    // An answer that is lost costs a second, one by one; our side knows the kernel from then on.
    await run("ip", "neigh", "replace", address, "lladdr", "02:00:00:00:00:02", "dev", tap);
    await run("ping", "-q", "-i", "0.2", "-c", "1", "-w", "10", address);
    const flags = ["-q", "-i", "0.002", "-W", "1", "-c", `${pingCount}`];
    const summary = await run("ping", ...flags, address);
    const [, received] = /, (\d+) received/.exec(summary) ?? [];
    const [, duplicates = 0] = /\+(\d+) duplicates/.exec(summary) ?? [];
    const [, leastMs] = /= ([\d.]+)\//.exec(summary) ?? [];
    return {
      received: Number(received),
      duplicates: Number(duplicates),
      leastMs: Number(leastMs),
    };
  }

  await check("a bridge without faults loses nothing", ["ping"], async () => {
    const { received, duplicates } = await pingThrough();
    holds(received === pingCount && duplicates === 0, `${received} came, ${duplicates} twice`);
  });

  await check("loss, duplication and delay are as asked for, each way", ["ping"], async () => {
    const faults = ["--loss=0.1", "--duplication=0.1", "--delay-ms=10", "--seed=7"];
    const seen = await pingThrough(...faults);
    const text = `${seen.received} of ${pingCount} came, ${seen.duplicates} more, after ${seen.leastMs} ms`;
    // 81 % come; of those, 10 % are doubled on each way.
    holds(Math.abs(seen.received - 810) < 60 && seen.leastMs >= 20, text);
    holds(Math.abs(seen.duplicates - 162) < 60, text);
    return text;
  });
});

/**
 * @param {boolean} truth
 * @param {string} text
 */
function holds(truth, text) {
  if (!truth) throw new Error(text);
}
