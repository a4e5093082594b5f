/** What a suite takes for granted: how its stack is configured, and what of it is no RFC's. */

import type { Strictness } from "./compare.ts";

/** How the stack under a script is to be set up; what is `undefined` is the stack's own default. */
export interface Settings {
  readonly mtuBytes: number;
  readonly delayedAckMs?: number;
  readonly minRtoMs?: number;
  readonly receiveBufferBytes?: number;
  readonly sendBufferBytes?: number;
  readonly congestion?: "cubic" | "new-reno";
  readonly hasTimestamps: boolean;
  readonly hasSack: boolean;
  readonly hasWindowScale: boolean;
}

/** A convention of a suite of scripts. */
export interface Profile {
  readonly name: string;
  /** The names that are defined for `#ifdef`. */
  readonly defined: ReadonlySet<string>;
  readonly windows: Strictness["windows"];
  readonly settings: Settings;
  /** The settings that a value of a `sysctl` asks for. */
  readonly sysctls: Readonly<Record<string, (value: string) => Partial<Settings>>>;
  /** By `name=value` of a `sysctl`, why a script that depends on it may fail. */
  readonly exemptions: Readonly<Record<string, string>>;
}

const common: Settings = {
  mtuBytes: 1500,
  hasTimestamps: true,
  hasSack: true,
  hasWindowScale: true,
};

const own: Profile = {
  name: "own",
  defined: new Set(),
  windows: "exact",
  settings: { ...common, receiveBufferBytes: 65_535, sendBufferBytes: 262_144 },
  sysctls: {
    "net.ipv4.tcp_timestamps": (value) => ({ hasTimestamps: value !== "0" }),
    "net.ipv4.tcp_sack": (value) => ({ hasSack: value !== "0" }),
    "net.ipv4.tcp_window_scaling": (value) => ({ hasWindowScale: value !== "0" }),
    "net.ipv4.tcp_congestion_control": (value) => ({
      congestion: value === "reno" ? "new-reno" : "cubic",
    }),
  },
  exemptions: {},
};

/** Linux's own suite: its windows follow from how the kernel counts memory. */
const linux: Profile = {
  ...own,
  name: "linux",
  windows: "loose",
  settings: { ...common, delayedAckMs: 40, minRtoMs: 200, congestion: "cubic" },
};

const insecure = "wants what RFC 793 did and RFC 5961 replaced";

/** FreeBSD's: with `STANDARD`, its authors say what the RFCs ask for where FreeBSD differs. */
const freebsd: Profile = {
  name: "freebsd",
  defined: new Set(["STANDARD"]),
  windows: "loose",
  settings: {
    ...common,
    delayedAckMs: 40,
    minRtoMs: 230,
    receiveBufferBytes: 65_536,
    sendBufferBytes: 32_768,
    congestion: "cubic",
  },
  sysctls: {
    "net.inet.tcp.rfc1323": (value) => ({
      hasTimestamps: value !== "0",
      hasWindowScale: value !== "0",
    }),
    "net.inet.tcp.sack.enable": (value) => ({ hasSack: value !== "0" }),
    "net.inet.tcp.recvspace": (value) => ({ receiveBufferBytes: Number(value) }),
    "net.inet.tcp.sendspace": (value) => ({ sendBufferBytes: Number(value) }),
    "net.inet.tcp.delacktime": (value) => ({ delayedAckMs: Number(value) }),
  },
  exemptions: {
    "net.inet.tcp.insecure_rst=1": `insecure_rst=1 ${insecure}`,
    "net.inet.tcp.insecure_syn=1": `insecure_syn=1 ${insecure}`,
    "net.inet.tcp.drop_synfin=1": "drop_synfin=1 drops what RFC 9293 answers",
    "net.inet.tcp.ecn.enable=1": "ecn.enable=1 wants ECN (RFC 3168)",
    "net.inet.tcp.rexmit_drop_options=1": "rexmit_drop_options=1 is FreeBSD's own",
    "net.inet.tcp.icmp_may_rst=1": "icmp_may_rst=1 lets ICMP abort what RFC 5927 would keep",
    "kern.ipc.maxsockbuf=73728": "maxsockbuf chooses FreeBSD's window scale",
    "kern.ipc.maxsockbuf=4294967295": "maxsockbuf chooses FreeBSD's window scale",
    "net.inet.tcp.syncookies_only=1": "syncookies_only=1 is FreeBSD's own",
  },
};

/** The profiles, by name. */
export const profiles: Readonly<Record<string, Profile>> = { own, linux, freebsd };
