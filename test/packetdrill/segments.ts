/** The packets of a script: `> P. 1:11(10) ack 1 win 65535 <nop,nop,sack 2:4>`. */

import { ScriptError } from "./lexer.ts";
import type { Action, IcmpSpec, OptionSpec, SegmentSpec } from "./script.ts";
import type { Tokens } from "./tokens.ts";

interface IpSpec {
  timeToLive?: number;
  trafficClass?: number;
  ecn?: number;
}

const ecnCodes: Readonly<Record<string, number>> = { noecn: 0, ect1: 1, ect0: 2, ce: 3 };

/** Parses what follows `<` or `>`. */
export function parsePacket(tokens: Tokens, isInbound: boolean): Action {
  const { line } = tokens.peek();
  const ip = parseIp(tokens);
  const { text } = tokens.peek();
  if (text === "icmp") {
    tokens.take();
    return { kind: "icmp", isInbound, icmp: parseIcmp(tokens) };
  }
  const segment = text === "udp" || ip === undefined ? undefined : parseSegment(tokens, ip);
  if (segment !== undefined && tokens.peek().text !== "/") {
    return { kind: "segment", isInbound, segment };
  }
  while (tokens.kind !== "end" && tokens.peek().line === line) tokens.take();
  const reason = segment === undefined ? "packets that are not plain TCP" : "TCP over UDP";
  return { kind: "unsupported", reason };
}

/** `(ttl 4)`, `[ect0]` …; `undefined` for what only other protocols have. */
function parseIp(tokens: Tokens): IpSpec | undefined {
  const ip: IpSpec = {};
  const end = tokens.accept("(") ? ")" : tokens.accept("[") ? "]" : undefined;
  if (end === undefined) return /^(?:ipv[46]|gre|mpls)$/.test(tokens.peek().text) ? undefined : ip;
  while (!tokens.accept(end)) {
    const { text, line } = tokens.take();
    if (text === ",") continue;
    if (text === "ttl" || text === "hlim") ip.timeToLive = tokens.integer("a time to live");
    else if (text === "tos" || text === "class") ip.trafficClass = classByte(tokens);
    else if (text in ecnCodes) ip.ecn = ecnCodes[text] ?? 0;
    else throw new ScriptError(line, `cannot read "${text}" of the IP header`);
  }
  return ip;
}

/** Some scripts write a last digit `e` for "whatever the ECN bits are": only hexadecimal counts. */
function classByte(tokens: Tokens): number {
  const { text, line } = tokens.take();
  const value = Number(text);
  if (!Number.isInteger(value)) throw new ScriptError(line, `expected a byte, not "${text}"`);
  return value;
}

function parseSegment(tokens: Tokens, ip: IpSpec): SegmentSpec {
  const ports = parsePorts(tokens);
  const flags = parseFlags(tokens);
  const sequence = parseSequence(tokens);
  const acknowledgment = tokens.accept("ack") ? tokens.integer("a number") : undefined;
  const windowField = tokens.accept("win") ? parseWindow(tokens) : undefined;
  const urgentPointer = tokens.accept("urg") ? tokens.integer("an urgent pointer") : 0;
  const options = tokens.accept("<") ? parseOptions(tokens) : [];
  const { timeToLive, trafficClass, ecn } = ip;
  return {
    flags,
    ...sequence,
    acknowledgment,
    windowField,
    urgentPointer,
    options,
    ...ports,
    timeToLive,
    trafficClass,
    ecn,
  };
}

/** `2000 > 8080` before the flags. */
function parsePorts(tokens: Tokens): Pick<SegmentSpec, "sourcePort" | "destinationPort"> {
  if (tokens.kind !== "integer") return { sourcePort: undefined, destinationPort: undefined };
  const sourcePort = tokens.integer("a port");
  tokens.expect(">");
  return { sourcePort, destinationPort: tokens.integer("a port") };
}

function parseFlags(tokens: Tokens): string {
  const { text, line } = tokens.take();
  if (text === "-") return "";
  const flags = text + (text !== "." && tokens.accept(".") ? "." : "");
  if (!/^[SFRPUEW]*\.?$/.test(flags)) throw new ScriptError(line, `unknown flags "${flags}"`);
  return [...flags].sort().join("");
}

function parseSequence(
  tokens: Tokens,
): Pick<SegmentSpec, "sequence" | "payloadBytes" | "isAbsolute"> {
  const { line } = tokens.peek();
  if (tokens.kind === "ellipsis") {
    tokens.take();
    return { sequence: undefined, payloadBytes: parseCount(tokens), isAbsolute: false };
  }
  const sequence = tokens.integer("a sequence number");
  tokens.expect(":");
  const end = tokens.integer("a sequence number");
  const payloadBytes = parseCount(tokens);
  if ((sequence + payloadBytes) >>> 0 !== end >>> 0) {
    throw new ScriptError(line, `${sequence}:${end} are not ${payloadBytes} bytes`);
  }
  return { sequence, payloadBytes, isAbsolute: tokens.accept("!") };
}

function parseCount(tokens: Tokens): number {
  tokens.expect("(");
  const count = tokens.integer("a count of bytes");
  tokens.expect(")");
  return count;
}

function parseWindow(tokens: Tokens): number | undefined {
  return tokens.accept("*") ? undefined : tokens.integer("a window");
}

function parseOptions(tokens: Tokens): readonly OptionSpec[] | undefined {
  if (tokens.kind === "ellipsis") {
    tokens.take();
    tokens.expect(">");
    return undefined;
  }
  const options: OptionSpec[] = [];
  do {
    const option = parseOption(tokens);
    if (option !== undefined) options.push(option);
  } while (tokens.accept(","));
  tokens.expect(">");
  return options;
}

function parseOption(tokens: Tokens): OptionSpec | undefined {
  const kind = tokens.word("a TCP option");
  switch (kind) {
    case "nop":
    case "eol":
      return undefined;
    case "mss":
    case "wscale":
      return { kind, value: tokens.integer("a value") };
    case "sackOK":
      return { kind };
    case "TS":
      return parseTimestamps(tokens);
    case "sack":
      return { kind, blocks: parseBlocks(tokens) };
    default:
      // A value of any form: a cookie, a digest, counters.
      while (![",", ">"].includes(tokens.peek().text)) tokens.take();
      return { kind: "other", name: kind };
  }
}

function parseTimestamps(tokens: Tokens): OptionSpec {
  tokens.expect("val");
  const value = tokens.integer("a timestamp");
  tokens.expect("ecr");
  return { kind: "TS", value, echo: tokens.integer("a timestamp") };
}

function parseBlocks(tokens: Tokens): readonly (readonly [number, number])[] {
  const blocks: [number, number][] = [];
  while (tokens.kind === "integer") {
    const left = tokens.integer("a left edge");
    tokens.expect(":");
    blocks.push([left, tokens.integer("a right edge")]);
  }
  return blocks;
}

function parseIcmp(tokens: Tokens): IcmpSpec {
  const type = tokens.word("a type of ICMP");
  const isCode = tokens.kind === "word" && tokens.peek().text !== "mtu";
  const code = isCode ? tokens.take().text : undefined;
  const mtuBytes = tokens.accept("mtu") ? tokens.integer("an MTU") : undefined;
  let quoted = { sequence: 0, payloadBytes: 0 };
  if (tokens.accept("[")) {
    const { sequence = 0, payloadBytes } = parseSequence(tokens);
    quoted = { sequence, payloadBytes };
    // What an encapsulation would add to the quoted packet.
    while (!tokens.accept("]")) tokens.take();
  }
  return { type, code, mtuBytes, quoted };
}
