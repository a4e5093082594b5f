/** Rules of a packet filter, as data. */

import type { Prefix } from "../prefix.ts";

/** What becomes of a packet. A sender hears of `reject`, and not of `deny`. */
export type Action = "allow" | "deny" | "reject";

/** Packets for the router itself, through it, or from it. */
export type Place = "input" | "forward" | "output";

/** Numbers from one to another, both included. */
export type Range = readonly [first: number, last: number];

/** Where a packet comes from, or goes to. */
export interface Side {
  /** Any of them, or, if negated, none of them; of either version, and `undefined` is anywhere. */
  readonly prefixes: readonly Prefix[] | undefined;
  readonly isNegated: boolean;
  /** Ports of TCP or UDP; `undefined` is any. */
  readonly ports: readonly Range[] | undefined;
}

/** A rule: what matches in all parts is treated as it says. */
export interface Rule {
  readonly action: Action;
  readonly isLogged: boolean;
  /** `undefined` is everywhere. */
  readonly place: Place | undefined;
  /** The interface it came in by. */
  readonly in: string | undefined;
  /** The interface it leaves by. */
  readonly out: string | undefined;
  /** A number; `icmp` is that of the version of IP. */
  readonly protocol: number | "icmp" | undefined;
  readonly from: Side;
  readonly to: Side;
  /** Types of ICMP; names are of both versions, numbers as they are. */
  readonly icmpTypes: readonly (IcmpName | number)[] | undefined;
}

/** What happens where no rule matches. */
export type Defaults = Readonly<Record<Place, Action>>;

/** Rules in their order, and what happens to the rest. */
export interface RuleSet {
  readonly rules: readonly Rule[];
  readonly defaults: Defaults;
}

/** Anywhere. */
export const anywhere: Side = { prefixes: undefined, isNegated: false, ports: undefined };

/** Protocols by name. */
export const protocolNumbers: Readonly<Record<string, number>> = {
  tcp: 6,
  udp: 17,
  sctp: 132,
  gre: 47,
  esp: 50,
};

/** Types of ICMP by name, in both versions; `undefined` where a version has none. */
export const icmpNumbers = {
  "echo-request": [8, 128],
  "echo-reply": [0, 129],
  unreachable: [3, 1],
  "too-big": [undefined, 2],
  "time-exceeded": [11, 3],
  "parameter-problem": [12, 4],
  redirect: [5, 137],
  timestamp: [13, undefined],
} as const satisfies Readonly<
  Record<string, readonly [number | undefined, number | undefined]>
> as Readonly<Record<IcmpName, readonly [v4: number | undefined, v6: number | undefined]>>;

/** A name of a type. */
export type IcmpName =
  | "echo-request"
  | "echo-reply"
  | "unreachable"
  | "too-big"
  | "time-exceeded"
  | "parameter-problem"
  | "redirect"
  | "timestamp";
