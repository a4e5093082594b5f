// A network namespace with a TAP device, and programs of the kernel's side in it. A file of checks
// calls `withTap` and can be run by itself: it starts itself again inside the namespace, as root.

import { spawn, spawnSync } from "node:child_process";
import {
  accessSync,
  appendFileSync,
  constants,
  existsSync,
  mkdirSync,
  writeFileSync,
} from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { complain, root, run } from "../scripts/step.mjs";

/** Set in a process that is inside: it has the TAP device as descriptor 3. */
const insideVariable = "MORGANA_INTEROP_INSIDE";

/** Names a file that gets a line for each check: `passed`, `failed` or `skipped`. */
const reportVariable = "MORGANA_INTEROP_REPORT";

/** Opens the TAP device, sets its addresses, and becomes another program that keeps it. */
const openTap = `
  use Fcntl; use POSIX ();
  my ($name, $ipv4, $ipv6, @program) = @ARGV;
  sysopen(my $tap, "/dev/net/tun", O_RDWR) or die "Cannot open /dev/net/tun: $!\\n";
  my $request = pack("a16 S x22", $name, 0x0002 | 0x1000); # IFF_TAP | IFF_NO_PI
  ioctl($tap, 0x400454ca, $request) or die "Cannot make $name: $!\\n"; # TUNSETIFF
  POSIX::dup2(fileno($tap), 3) unless fileno($tap) == 3;
  for ("link set lo up", "link set $name up", "addr add $ipv4 dev $name",
       "addr add $ipv6 dev $name nodad") {
    system("ip $_") == 0 or die "Cannot set addresses: ip $_ failed\\n";
  }
  $^F = 3; open(my $kept, "<&=", 3); fcntl($kept, F_SETFD, 0);
  exec @program or die "Cannot run $program[0]: $!\\n";`;

/** The Debian packages of programs that checks use. */
const packages = /** @type {const} */ ({
  socat: "socat",
  ping: "iputils-ping",
  nc: "netcat-openbsd",
  tcpdump: "tcpdump",
  tshark: "tshark",
  traceroute: "traceroute",
  dig: "bind9-dnsutils",
  nslookup: "bind9-dnsutils",
  host: "bind9-host",
  "named-checkzone": "bind9-utils",
  "avahi-daemon": "avahi-daemon",
  "avahi-browse": "avahi-utils",
  "avahi-publish": "avahi-utils",
  "dbus-daemon": "dbus-daemon",
  dnsmasq: "dnsmasq-base",
  radvd: "radvd",
  curl: "curl",
  dhclient: "isc-dhcp-client",
  busybox: "busybox",
  chronyd: "chrony",
  ntpdate: "ntpsec-ntpdate",
  wrk: "wrk",
  "qemu-system-x86_64": "qemu-system-x86",
});

/** @typedef {keyof typeof packages} Program */

/**
 * A program that was started, with what it has written so far, both streams in one.
 *
 * @typedef {object} Started
 * @property {() => string} output
 * @property {(text: string) => Promise<void>} shows waits for a text; throws if it ends before, or
 *   takes longer than 10 seconds
 * @property {() => Promise<number>} stop ends it, and resolves to its exit code
 * @property {Promise<number>} ended
 */

/**
 * What a file of checks is given.
 *
 * @typedef {object} Lab
 * @property {3} fd the TAP device, for `--net=fd:3`; the one program that is given it owns it
 * @property {string} tap its name
 * @property {{ ipv4: string, ipv6: string }} kernel the kernel's addresses on it
 * @property {(name: string, needs: readonly Program[], body: () => Promise<string | void>) =>
 *   Promise<void>} check runs a check, and says what came of it; what it returns is shown beside it
 * @property {(command: string, ...args: string[]) => Promise<string>} run runs a program to its end
 *   and resolves to its output; throws with that if it fails or takes longer than a minute
 * @property {(command: string, ...args: string[]) => Started} start starts a program, which is
 *   stopped after the check, with its own children; `fd:3` among its arguments gives it the TAP
 *   device. Outside of a check, it is stopped at the end
 * @property {(options?: import("./host.mjs").HostOptions) => Promise<Stack>} host connects our
 *   stack, by default to the TAP device, until the check ends
 * @property {() => void} forward makes the kernel a router, of both versions
 * @property {(port: number) => Promise<void>} untilListens waits until the kernel listens on a port
 *   of TCP
 */

/** @typedef {import("fata-morgana/devices").Stack} Stack */

/**
 * Counts a check for whoever asked for a report.
 *
 * @param {"passed" | "failed" | "skipped"} result
 */
export function report(result) {
  const file = process.env[reportVariable];
  if (file !== undefined) appendFileSync(file, `${result}\n`);
}

/**
 * Says why there can be no lab here, or nothing.
 *
 * @returns {string | undefined}
 */
export function whyNoLab() {
  if (process.platform !== "linux") return "it needs Linux";
  if (process.getuid?.() !== 0) return "it needs root, to make network devices";
  const missing = ["perl", "ip", "unshare"].find((program) => !isOnPath(program));
  if (missing !== undefined) return `there is no ${missing}`;
  if (!existsSync("/dev/net/tun")) {
    // A container may lack the node and still be allowed to make it.
    mkdirSync("/dev/net", { recursive: true });
    spawnSync("mknod", ["/dev/net/tun", "c", "10", "200"], { stdio: "ignore" });
  }
  const trial = spawnSync("unshare", inside("true", []), { encoding: "utf8" });
  return trial.status === 0 ? undefined : `no TAP device can be made: ${trial.stderr.trim()}`;
}

/**
 * Installs what checks use and is not here, where that is possible; checks without their programs
 * are left out.
 */
export async function ensurePrograms() {
  const missing = Object.entries(packages).filter(([program]) => !isOnPath(program));
  if (missing.length === 0 || !isOnPath("apt-get")) return;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  console.log(`Installing ${missing.map(([, name]) => name).join(", ")} (apt-get).`);
  if ((await run("apt-get", ["update", "-qq"], env)) !== 0) return;
  const names = missing.map(([, name]) => name);
  await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...names], env);
}

/**
 * Runs `body` in a namespace of its own, and ends the process: with 1 if a check failed.
 *
 * @param {string} url the file's `import.meta.url`
 * @param {(lab: Lab) => Promise<void>} body
 */
export async function withTap(url, body) {
  if (process.env[insideVariable] === undefined) {
    const reason = whyNoLab();
    if (reason !== undefined) {
      console.log(`– ${fileURLToPath(url)}: skipped, since ${reason}`);
      return;
    }
    process.env[insideVariable] = "1";
    const program = [fileURLToPath(url), ...process.argv.slice(2)];
    process.exitCode = await run("unshare", inside(process.execPath, program));
    return;
  }
  let failedCount = 0;
  const { end, ...given } = makeLab(() => failedCount++);
  for (const signal of ["SIGINT", "SIGTERM"]) {
    process.on(signal, () => void end().then(() => process.exit(1)));
  }
  try {
    await body(given);
  } catch (error) {
    failedCount++;
    report("failed");
    complain(error);
  }
  await end();
  process.exit(failedCount === 0 ? 0 : 1);
}

const lab = {
  fd: /** @type {const} */ (3),
  tap: "tap0",
  kernel: { ipv4: "10.9.0.1", ipv6: "fd00:9::1" },
};

/**
 * @param {() => void} fail
 * @returns {Lab & { end: () => Promise<void> }} `end` stops what is left
 */
function makeLab(fail) {
  /** @type {Started[]} */
  const started = [];
  /** @type {Stack[]} */
  const stacks = [];
  /** @param {number} [keptCount] */
  const stop = async (keptCount = 0) => {
    for (const stack of stacks.splice(0)) await stack[Symbol.asyncDispose]();
    await Promise.all(started.splice(keptCount).map((each) => each.stop()));
  };
  return {
    ...lab,
    run: runToEnd,
    end: () => stop(),
    untilListens,
    forward() {
      for (const name of ["ipv4/ip_forward", "ipv6/conf/all/forwarding"]) {
        writeFileSync(`/proc/sys/net/${name}`, "1");
      }
    },
    start(command, ...args) {
      const each = startProgram(command, args);
      started.push(each);
      return each;
    },
    async host(options) {
      // Not before: index.mjs reads this file to know whether the package is to be built.
      const { connectHost } = await import("./host.mjs");
      const stack = await connectHost(options);
      stacks.push(stack);
      return stack;
    },
    async check(name, needs, body) {
      const missing = needs.find((program) => !isOnPath(program));
      if (missing !== undefined) {
        report("skipped");
        console.log(`– ${name}: skipped, since there is no ${missing}`);
        return;
      }
      const keptCount = started.length;
      try {
        const detail = await body();
        report("passed");
        console.log(`✓ ${name}${detail ? `: ${detail}` : ""}`);
      } catch (error) {
        fail();
        report("failed");
        console.log(`✗ ${name}: ${error instanceof Error ? error.message : String(error)}`);
        for (const each of started.slice(keptCount)) {
          console.log(each.output().slice(-2_000).replaceAll(/^/gm, "    "));
        }
      }
      await stop(keptCount);
    },
  };
}

/** @param {number} port */
async function untilListens(port) {
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 20) {
    if ((await runToEnd("ss", "-Hltn", `sport = :${port}`)) !== "") return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`Nobody listens on port ${port}`);
}

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @returns {Started}
 */
function startProgram(command, args) {
  const hasTap = args.some((arg) => /(?:^|=)fd:3$/.test(arg));
  const child = spawn(command, args, {
    cwd: root,
    // A group of its own, so that what a shell starts ends with it.
    detached: true,
    stdio: ["ignore", "pipe", "pipe", hasTap ? lab.fd : "ignore"],
  });
  /** @param {NodeJS.Signals} signal */
  const kill = (signal) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // All have ended.
    }
  };
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (/** @type {string} */ text) => (output += text));
  }
  /** @type {Promise<number>} */
  const ended = new Promise((resolve) => {
    child.on("error", (error) => {
      output += `${error.message}\n`;
      resolve(127);
    });
    child.on("close", (code) => resolve(code ?? 128));
  });
  let hasEnded = false;
  void ended.then(() => (hasEnded = true));
  return {
    output: () => output,
    ended,
    async shows(text) {
      for (let waitedMs = 0; !output.includes(text); waitedMs += 10) {
        if (hasEnded) throw new Error(`${command} ended before it showed "${text}"`);
        if (waitedMs >= 10_000) throw new Error(`${command} did not show "${text}"`);
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
    },
    async stop() {
      kill("SIGTERM");
      const killer = setTimeout(() => kill("SIGKILL"), 2_000);
      const code = await ended;
      clearTimeout(killer);
      return code;
    },
  };
}

/**
 * @param {string} command
 * @param {string[]} args
 */
async function runToEnd(command, ...args) {
  const program = startProgram(command, args);
  const timer = setTimeout(() => void program.stop(), 60_000);
  const code = await program.ended;
  clearTimeout(timer);
  if (code === 0) return program.output();
  throw new Error(`${command} ${args.join(" ")} failed with ${code}\n${program.output()}`);
}

/**
 * The words for `unshare`.
 *
 * @param {string} command
 * @param {readonly string[]} args
 */
function inside(command, args) {
  const { tap, kernel } = lab;
  const addresses = [`${kernel.ipv4}/24`, `${kernel.ipv6}/64`];
  return ["--net", "perl", "-e", openTap, tap, ...addresses, command, ...args];
}

/** @param {string} program */
function isOnPath(program) {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
