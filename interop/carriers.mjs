// What carries frames between a program on Node and the kernel: each way stands a flood of pings.

import { prefix } from "./host.mjs";
import { withTap } from "./lab.mjs";

const pingCount = 2_000;

await withTap(import.meta.url, async ({ fd, tap, check, host, run, start }) => {
  /**
   * A stack of ours, to be pinged.
   *
   * @param {string} net
   * @param {string} address
   */
  async function respond(net, address) {
    await host({ net, ipv4: { address: prefix(`${address}/24`) }, ipv6: "none" });
  }

  /** @param {string} address */
  async function flood(address) {
    // The carrier may take a moment to be there.
    await run("ping", "-c", "1", "-w", "10", address);
    const summary = await run("ping", "-f", "-q", "-s", "1400", "-c", `${pingCount}`, address);
    if (!summary.includes(` ${pingCount} received, 0% packet loss`)) throw new Error(summary);
    const [, averageMs] = /= [\d.]+\/([\d.]+)\//.exec(summary) ?? [];
    return `${pingCount} of ${pingCount} pings, ${averageMs} ms each`;
  }

  await check("frames over a TAP device's descriptor", ["ping"], async () => {
    await respond(`fd:${fd}`, "10.9.0.2");
    return flood("10.9.0.2");
  });

  await check("frames of a unikernel that the command runs", ["tcpdump"], async () => {
    const command = ["dist/cli/index.js", "run", "examples/frames", `--net=fd:${fd}`];
    const unikernel = start(process.execPath, ...command);
    const seen = await run("tcpdump", "-c", "1", "-A", "-i", tap, "ether proto 0x88b5");
    if (!seen.includes("Hello, I am somebody")) throw new Error(seen + unikernel.output());
  });

  await check("frames over UDP, to a TAP device of socat's", ["ping", "socat"], async () => {
    await respond("udp:127.0.0.1:4000,127.0.0.1:4001", "10.9.1.2");
    const device = "TUN:10.9.1.1/24,tun-type=tap,iff-no-pi,iff-up,tun-name=tap1";
    const peer = "UDP-DATAGRAM:127.0.0.1:4000,bind=127.0.0.1:4001";
    await untilThere(start("socat", device, peer), "10.9.1.1/24");
    return flood("10.9.1.2");
  });

  await check("frames over TCP, to QEMU", ["ping", "qemu-system-x86_64"], async () => {
    await respond("listen:127.0.0.1:4002", "10.9.2.2");
    const qemu = start("qemu-system-x86_64", ...qemuBridge("127.0.0.1", 4002, "tap2"));
    await untilThere(qemu, "tap2");
    await run("ip", "addr", "add", "10.9.2.1/24", "dev", "tap2");
    await run("ip", "link", "set", "tap2", "up");
    return flood("10.9.2.2");
  });

  /**
   * Waits for a device or an address that a program makes.
   *
   * @param {import("./lab.mjs").Started} program
   * @param {string} text
   */
  async function untilThere(program, text) {
    for (let attempt = 0; attempt < 200; attempt++) {
      const found = (await run("ip", "-o", "link")) + (await run("ip", "-o", "addr"));
      if (found.includes(text)) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`There is no ${text}: ${program.output()}`);
  }
});

/**
 * QEMU without a machine: a hub between a stream and a TAP device.
 *
 * @param {string} host
 * @param {number} port
 * @param {string} tap
 */
function qemuBridge(host, port, tap) {
  return [
    ..."-machine none -nodefaults -display none -serial none -monitor none".split(" "),
    "-netdev",
    `stream,id=stream,server=off,addr.type=inet,addr.host=${host},addr.port=${port}`,
    ..."-netdev hubport,id=one,hubid=0,netdev=stream".split(" "),
    "-netdev",
    `tap,id=tap,ifname=${tap},script=no,downscript=no`,
    ..."-netdev hubport,id=other,hubid=0,netdev=tap".split(" "),
  ];
}
