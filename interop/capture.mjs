// What went over the TAP device, as tshark reads it: no frame may be malformed, no checksum wrong.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Checksums that tshark leaves unchecked by default, since network cards may fill them in. */
const preferences = ["ip", "tcp", "udp"].flatMap((name) => ["-o", `${name}.check_checksum:TRUE`]);

/**
 * An expert's error is a malformed frame or a wrong checksum. Where TCP's is 0, Linux writes 0xffff,
 * which is the same number, though tshark takes it for a wrong one.
 */
const wrong = [
  "_ws.malformed",
  "_ws.expert.severity == 0x00800000",
  ...["ip", "udp", "icmp", "icmpv6"].map((name) => `${name}.checksum.status == 0`),
  "(tcp.checksum.status == 0 && !tcp.checksum.ffff)",
].join(" || ");

/**
 * Records all frames from now on.
 *
 * @param {import("./lab.mjs").Lab} lab
 * @returns {Promise<{ verify: () => Promise<void> }>} `verify` makes a check of them, and ends it
 */
export async function capture({ tap, start, run, check }) {
  const folder = mkdtempSync(join(tmpdir(), "morgana-capture-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, "frames.pcap");
  // Else the kernel keeps the last frames to itself until more come; short slots make room for many.
  const flags = ["-i", tap, "--immediate-mode", "-s", "2000", "-B", "65536", "-Z", "root"];
  const tcpdump = start("tcpdump", ...flags, "-w", file);
  await tcpdump.shows("listening on").catch(() => {});
  return {
    async verify() {
      await check("no frame is malformed, no checksum wrong", ["tcpdump", "tshark"], async () => {
        await tcpdump.stop();
        const counts = /(\d+) packets captured\n[^]*\n(\d+) packets dropped by kernel/.exec(
          tcpdump.output(),
        );
        const found = await run("tshark", "-n", "-r", file, ...preferences, "-Y", wrong);
        const lines = found.split("\n").filter((line) => /^ *\d/.test(line));
        if (lines.length > 0)
          throw new Error([`${lines.length} are`, ...lines.slice(0, 20)].join("\n"));
        if (counts === null || Number(counts[1]) === 0) throw new Error(tcpdump.output());
        const missed = counts[2] === "0" ? "" : `, ${counts[2]} more were not captured`;
        return `${counts[1]} frames${missed}`;
      });
    },
  };
}
