// Examples as `morgana run` starts them: on the TAP device, and on the kernel's own sockets.

import { capture } from "./capture.mjs";
import { ours } from "./host.mjs";
import { withTap } from "./lab.mjs";

await withTap(import.meta.url, async (lab) => {
  const { check, fd, kernel, run, start } = lab;
  const frames = await capture(lab);
  const onTap = [
    `--net=fd:${fd}`,
    // Always the same, or what the kernel knows of its neighbour would be wrong for a while.
    "--mac=02:00:00:00:00:02",
    `--ipv4=${ours.ipv4}/24`,
    `--ipv6=${ours.ipv6}/64`,
  ];

  for (const [name, address] of Object.entries(ours)) {
    await check(`echo-server answers nc and ping over ${name}`, ["nc", "ping"], async () => {
      const server = morgana("echo-server", ...onTap);
      await server.shows("Port 7 of TCP and UDP");
      await echoes(address, 7);
      await echoes(address, 7, "-u");
      const summary = await run("ping", "-q", "-c", "3", "-i", "0.01", address);
      holds(summary.includes(" 0% packet loss"), summary);
      holds((await server.stop()) < 128, "It did not stop");
    });
  }

  for (const [name, address] of Object.entries(kernel)) {
    await check(`ping reaches the kernel over ${name}`, [], async () => {
      const ping = morgana("ping", `--to=${address}`, "--count=2", "--size=20000", ...onTap);
      const code = await ping.ended;
      holds(
        code === 0 && ping.output().includes("2 received, 0% packet loss"),
        `It ended with ${code}`,
      );
    });
  }

  await frames.verify();

  await check("echo-server on the kernel's sockets answers nc", ["nc"], async () => {
    const server = morgana("echo-server", "--net=socket", "--port=7007");
    await server.shows("Port 7007 of TCP and UDP");
    await echoes("127.0.0.1", 7_007);
    await echoes("::1", 7_007);
    await echoes("127.0.0.1", 7_007, "-u");
  });

  /**
   * @param {string} example
   * @param {string[]} args
   */
  function morgana(example, ...args) {
    const command = ["dist/cli/index.js", "run", `examples/${example}`, ...args];
    return start(process.execPath, ...command);
  }

  /**
   * Says something, and hears the same.
   *
   * @param {string} address
   * @param {number} port
   * @param {string[]} flags
   */
  async function echoes(address, port, ...flags) {
    // A datagram has no end: nc waits a second for more.
    const ending = flags.includes("-u") ? "-w1" : "-N";
    const netcat = ["nc", ending, ...flags, address, `${port}`].join(" ");
    const heard = await run("sh", "-c", `echo Hello over and over | ${netcat}`);
    holds(heard === "Hello over and over\n", `nc heard "${heard}"`);
  }
});

/**
 * @param {boolean} truth
 * @param {string} message
 */
function holds(truth, message) {
  if (!truth) throw new Error(message);
}
