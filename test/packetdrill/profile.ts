/** What a suite takes for granted: how its stack is configured, and what of it is no RFC's. */

import type { Strictness } from "./compare.ts";

/** How the stack under a script is to be set up; what is left out is the stack's own default. */
export interface Settings {
  readonly mtuBytes: number;
  readonly ackDelayMs?: number;
  readonly minRtoMs?: number;
  /** The receive buffer to begin with. */
  readonly initialReceiveBytes?: number;
  readonly congestion?: "cubic" | "new-reno";
  readonly timestamps?: boolean;
  readonly selectiveAcknowledgment?: boolean;
}

/** A convention of a suite of scripts. */
export interface Profile {
  readonly name: string;
  /** The names that are defined for `#ifdef`. */
  readonly defined: ReadonlySet<string>;
  readonly strictness: Pick<Strictness, "windows" | "pushes">;
  readonly settings: Settings;
  /** The settings that a value of a `sysctl` asks for. */
  readonly sysctls: Readonly<Record<string, (value: string) => Partial<Settings>>>;
  /** By `name=value` of a `sysctl`, why a script that depends on it may fail. */
  readonly exemptions: Readonly<Record<string, string>>;
  /** The same by sequence number, of segments to us that aim at the edge of another's buffer. */
  readonly edges: Readonly<Record<number, string>>;
}

const own: Profile = {
  name: "own",
  defined: new Set(),
  strictness: { windows: "exact", pushes: "loose" },
  settings: { mtuBytes: 1500 },
  sysctls: {
    "net.ipv4.tcp_timestamps": (value) => ({ timestamps: value !== "0" }),
    "net.ipv4.tcp_sack": (value) => ({ selectiveAcknowledgment: value !== "0" }),
    "net.ipv4.tcp_congestion_control": (value) => ({
      congestion: value === "reno" ? "new-reno" : "cubic",
    }),
  },
  exemptions: {},
  edges: {},
};

/** Linux's own suite: its windows follow from how the kernel counts memory. */
const linux: Profile = {
  ...own,
  name: "linux",
  strictness: { windows: "loose", pushes: "loose" },
  settings: { mtuBytes: 1500, ackDelayMs: 40, minRtoMs: 200, congestion: "cubic" },
  exemptions: { "net.ipv4.tcp_ecn=2": "tcp_ecn=2 wants ECN (RFC 3168)" },
};

const insecure = "wants what RFC 793 did and RFC 5961 replaced";

const edge = "aims at the edge of FreeBSD's buffer, beyond the window of 65535 that was offered";

/** FreeBSD's: with `STANDARD`, its authors say what the RFCs ask for where FreeBSD differs. */
const freebsd: Profile = {
  name: "freebsd",
  defined: new Set(["STANDARD"]),
  strictness: { windows: "loose", pushes: "exact" },
  settings: { mtuBytes: 1500, ackDelayMs: 40, minRtoMs: 230, congestion: "cubic" },
  sysctls: {
    "net.inet.tcp.rfc1323": (value) => ({ timestamps: value !== "0" }),
    "net.inet.tcp.sack.enable": (value) => ({ selectiveAcknowledgment: value !== "0" }),
    "net.inet.tcp.recvspace": (value) => ({ initialReceiveBytes: Number(value) }),
    "net.inet.tcp.delacktime": (value) => ({ ackDelayMs: Number(value) }),
  },
  exemptions: {
    "net.inet.tcp.insecure_rst=1": `insecure_rst=1 ${insecure}`,
    "net.inet.tcp.insecure_syn=1": `insecure_syn=1 ${insecure}`,
    "net.inet.tcp.drop_synfin=1": "drop_synfin=1 drops what RFC 9293 answers",
    "net.inet.tcp.ecn.enable=1": "ecn.enable=1 wants ECN (RFC 3168)",
    "net.inet.tcp.rfc1323=0": "rfc1323=0 switches window scaling off, which ours cannot",
    "net.inet.tcp.rexmit_drop_options=1": "rexmit_drop_options=1 is FreeBSD's own",
    "kern.ipc.maxsockbuf=73728": "maxsockbuf chooses FreeBSD's window scale",
    "kern.ipc.maxsockbuf=4294967295": "maxsockbuf chooses FreeBSD's window scale",
    "net.inet.tcp.syncookies_only=1": "syncookies_only=1 is FreeBSD's own",
  },
  // A buffer of 65,536 bytes, rounded up to segments of 1,460 or 1,440 bytes, and one further.
  edges: { 65_700: edge, 65_701: edge, 66_240: edge, 66_241: edge },
};

/** The profiles, by name. */
export const profiles: Readonly<Record<string, Profile>> = { own, linux, freebsd };
