/** Runs a script against a {@link Tcp} on virtual time. */

import type { Clock, Icmp, Ip, Random, Tcp } from "../../src/devices/index.ts";
import { differences, format, joined, type Strictness } from "./compare.ts";
import { Conversation } from "./conversation.ts";
import { icmpNumbers } from "./icmp.ts";
import { ScriptError } from "./lexer.ts";
import { Link, type SentPacket } from "./link.ts";
import { parse } from "./parser.ts";
import type { Profile, Settings } from "./profile.ts";
import type { Action, IcmpSpec, Script, ScriptEvent, SegmentSpec } from "./script.ts";
import { laterOptions } from "./socket-options.ts";
import { Sockets, type Outcome } from "./sockets.ts";
import { formatCall, isExpected } from "./outcome.ts";
import { Mismatch, Unsupported, type Verdict } from "./verdict.ts";
import { decode, encode, type Segment } from "./wire.ts";
import { World } from "./world.ts";

/** What the TCP under test is made of. */
export interface Parts {
  readonly ipv4?: Ip;
  readonly ipv6?: Ip;
  readonly icmp: Icmp;
  readonly clock: Clock;
  readonly random: Random;
  readonly settings: Settings;
}

export interface RunOptions {
  readonly profile: Profile;
  /** Makes the TCP under test. */
  readonly connect: (parts: Parts) => Tcp;
  /** What its random numbers follow from, and where the peer's sequence numbers begin. */
  readonly seed?: number;
}

/** Runs a script and says what became of it. Never throws for what the script or the stack does. */
export async function run(text: string, options: RunOptions): Promise<Verdict> {
  let runner: Runner | undefined;
  try {
    const script = parse(text, options.profile.defined);
    runner = new Runner(script, options);
    await runner.run();
    return { kind: "pass", unchecked: runner.unchecked };
  } catch (error) {
    return verdictOf(error, runner);
  }
}

function verdictOf(error: unknown, runner: Runner | undefined): Verdict {
  if (error instanceof Unsupported) return { kind: "unsupported", reason: error.message };
  if (error instanceof ScriptError) {
    return { kind: "unsupported", reason: `cannot parse ${error.message}` };
  }
  if (runner?.exemption !== undefined) return { kind: "unsupported", reason: runner.exemption };
  const line = runner?.line ?? 0;
  if (error instanceof Mismatch) {
    return { kind: "fail", line, expected: error.expected, got: error.got };
  }
  const got = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: "fail", line, expected: "no exception", got };
}

/** A call that waits: what it is to come to, and when. */
interface WaitingCall {
  readonly line: number;
  readonly action: Extract<Action, { kind: "call" }>;
  readonly endMs: number;
  outcome?: Outcome;
  error?: unknown;
  settledMs?: number;
}

/** Longer than any timer of TCP but keep-alive, and that is seldom waited for with `*`. */
const patienceMs = 4 * 3_600_000;

class Runner {
  readonly unchecked: string[] = [];
  /** Why a failure would not count. */
  exemption: string | undefined;
  /** Of the event that is run. */
  line = 0;
  readonly #script: Script;
  readonly #options: RunOptions;
  readonly #world: World;
  readonly #toleranceMs: number;
  readonly #strictness: Strictness;
  readonly #conversations = new Map<string, Conversation>();
  #settings: Settings;
  #link: Link | undefined;
  #sockets: Sockets | undefined;
  #current: Conversation | undefined;
  #listeningPort = 8080;
  #remotePort = 40_000;
  #waiting: WaitingCall | undefined;
  /** Where relative times count from; `undefined` is the real time. */
  #lastMs: number | undefined = 0;

  constructor(script: Script, options: RunOptions) {
    this.#script = script;
    this.#options = options;
    this.#world = new World(options.seed ?? 1);
    const number = (name: string, otherwise: number): number =>
      Number(script.options.get(name) ?? otherwise);
    this.#toleranceMs = number("tolerance_usecs", 4000) / 1000;
    this.#settings = {
      ...options.profile.settings,
      mtuBytes: number("mtu", options.profile.settings.mtuBytes),
    };
    const tickMs = number("tcp_ts_tick_usecs", 0) / 1000;
    this.#strictness = {
      ...options.profile.strictness,
      timestampTicks: tickMs === 0 ? undefined : Math.ceil(this.#toleranceMs / tickMs),
    };
  }

  async run(): Promise<void> {
    this.#refuseWhatIsMissing();
    for (const event of this.#script.events) {
      this.line = event.line;
      await this.#runEvent(event);
    }
    await this.#finishWaiting();
    await this.#world.settle();
    if (this.#sockets?.areIntact === false) {
      throw new Mismatch("the bytes that the peer sent", "other bytes");
    }
  }

  /** Says at once that a script cannot run, rather than where it would fail. */
  #refuseWhatIsMissing(): void {
    const hasEcn = (flags: string): boolean => /[EW]/.test(flags);
    for (const name of ["udp_encapsulation", "tcp_md5_secret"]) {
      if (this.#script.options.has(name)) throw new Unsupported(`--${name}`);
    }
    for (const { action } of this.#script.events) {
      if (action.kind === "unsupported") throw new Unsupported(action.reason);
      if (action.kind !== "segment") continue;
      const { flags, options = [], ecn } = action.segment;
      const other = options.find(({ kind }) => kind === "other");
      if (other?.kind === "other") throw new Unsupported(`the TCP option ${other.name}`);
      if (action.isInbound) continue;
      if (hasEcn(flags) || (ecn ?? 0) !== 0) throw new Unsupported("ECN (RFC 3168)");
    }
  }

  async #runEvent(event: ScriptEvent): Promise<void> {
    const { time, action } = event;
    const baseMs = time.kind === "absolute" ? 0 : (this.#lastMs ?? this.#world.nowMs);
    const startMs = time.kind === "any" ? this.#world.nowMs : baseMs + time.startMs;
    const isAnchored = time.kind !== "any" && time.endMs === undefined;
    if (action.kind === "segment" && !action.isInbound) {
      const isAny = time.kind === "any";
      const latestMs = isAny ? startMs + patienceMs : baseMs + (time.endMs ?? time.startMs);
      await this.#expect(action.segment, isAny ? 0 : startMs, latestMs);
    } else {
      await this.#world.advance(Math.max(startMs, this.#world.nowMs));
      await this.#act(action, baseMs);
    }
    this.#lastMs = isAnchored ? startMs : undefined;
  }

  async #act(action: Action, baseMs: number): Promise<void> {
    switch (action.kind) {
      case "segment":
        return this.#inject(action.segment);
      case "icmp":
        if (!action.isInbound) throw new Unsupported("ICMP that is sent");
        return this.#report(action.icmp);
      case "call":
        return this.#call(action, baseMs);
      case "command":
        return this.#command(action.text);
      case "code":
        return void this.unchecked.push(action.text);
      case "unsupported":
        throw new Unsupported(action.reason);
    }
  }

  /** `sysctl` before the first socket configures the stack; of other commands nothing is known. */
  #command(text: string): void {
    const assignments = [...text.matchAll(/\b((?:net|kern)\.[\w.]+)=("[^"]*"|\S+)/g)];
    if (assignments.length === 0) {
      if (!/defaults\.sh|sysctl_restore|tcpdrop|purgenow/.test(text)) this.unchecked.push(text);
      return;
    }
    const { sysctls, exemptions } = this.#options.profile;
    for (const [, name = "", value = ""] of assignments) {
      if (this.#sockets === undefined) {
        this.#settings = { ...this.#settings, ...sysctls[name]?.(value) };
      }
      this.exemption ??= exemptions[`${name}=${value}`];
    }
  }

  /** Makes the stack as soon as a script needs one. */
  #start(): { readonly link: Link; readonly sockets: Sockets } {
    if (this.#link !== undefined && this.#sockets !== undefined) {
      return { link: this.#link, sockets: this.#sockets };
    }
    const world = this.#world;
    const version = this.#script.options.get("ip_version") === "ipv6" ? 6 : 4;
    const link = new Link(version, this.#settings.mtuBytes, () => world.nowMs);
    const { clock, random } = world;
    const tcp = this.#options.connect({
      ...(version === 4 ? { ipv4: link.ip } : { ipv6: link.ip }),
      icmp: link.icmp,
      clock,
      random,
      settings: this.#settings,
    });
    const onOpen = (port: number | undefined): void => {
      this.#current = undefined;
      this.#listeningPort = port ?? this.#listeningPort;
    };
    const { remoteText: remoteAddress } = link.addresses;
    const subject = { tcp, remoteAddress, laterOptions: laterOptions(this.#script), onOpen };
    const sockets = new Sockets(subject, world);
    this.#link = link;
    this.#sockets = sockets;
    return { link, sockets };
  }

  async #call(action: Extract<Action, { kind: "call" }>, baseMs: number): Promise<void> {
    await this.#finishWaiting();
    const { sockets } = this.#start();
    const { endMs } = action;
    if (endMs === undefined) {
      this.#checkOutcome(action, await sockets.call(action, false));
      return;
    }
    const waiting: WaitingCall = { line: this.line, action, endMs: baseMs + endMs };
    this.#waiting = waiting;
    const settle = (): void => void (waiting.settledMs = this.#world.nowMs);
    sockets.call(action, true).then(
      (outcome) => (settle(), void (waiting.outcome = outcome)),
      (error: unknown) => (settle(), void (waiting.error = error)),
    );
    await this.#world.settle();
  }

  async #finishWaiting(): Promise<void> {
    const waiting = this.#waiting;
    if (waiting === undefined) return;
    this.#waiting = undefined;
    const { endMs, action } = waiting;
    const latestMs = Math.max(endMs + this.#toleranceMs, this.#world.nowMs);
    await this.#world.advance(latestMs, () => waiting.settledMs !== undefined);
    const line = this.line;
    this.line = waiting.line;
    if (waiting.error !== undefined) throw waiting.error;
    if (waiting.outcome === undefined || waiting.settledMs === undefined) {
      throw new Mismatch(`${action.name} to return at ${seconds(endMs)}`, "that it waits");
    }
    this.#checkTime(action.name, waiting.settledMs, endMs, endMs);
    this.#checkOutcome(action, waiting.outcome);
    this.line = line;
  }

  #checkOutcome(action: Extract<Action, { kind: "call" }>, outcome: Outcome): void {
    if (!isExpected(action, outcome)) {
      throw new Mismatch(formatCall(action), formatCall(action, outcome));
    }
  }

  #inject(spec: SegmentSpec): void {
    const { link } = this.#start();
    const { edges } = this.#options.profile;
    this.exemption ??= spec.sequence === undefined ? undefined : edges[spec.sequence];
    const conversation = this.#conversationFor(spec);
    const { remote, local } = link.addresses;
    const bytes = encode(conversation.toLive(spec), remote, local);
    const trafficClass = (spec.trafficClass ?? 0) | (spec.ecn ?? 0);
    link.inject(bytes, spec.timeToLive ?? 64, trafficClass);
  }

  #report({ type, code, mtuBytes, quoted }: IcmpSpec): void {
    const { link } = this.#start();
    const conversation = this.#current ?? this.#conversationOf(link.sent[0]?.payload);
    if (conversation === undefined) throw new Unsupported("ICMP without a connection");
    const numbers = icmpNumbers(link.version, type, code);
    if (numbers === undefined) throw new Unsupported(`ICMP ${type} ${code ?? ""}`);
    const segment: Segment = {
      sourcePort: conversation.localPort,
      destinationPort: conversation.remotePort,
      sequence: conversation.localToLive(quoted.sequence),
      acknowledgment: 0,
      flags: "",
      windowField: 0,
      urgentPointer: 0,
      options: [],
      payload: new Uint8Array(quoted.payloadBytes),
    };
    const { local, remote } = link.addresses;
    link.report(numbers.type, numbers.code, mtuBytes ?? 0, encode(segment, local, remote));
  }

  /** The connection of a segment that the script injects: the current one, or a new one to us. */
  #conversationFor({ flags, sourcePort, destinationPort }: SegmentSpec): Conversation {
    if (sourcePort === undefined && this.#current !== undefined) return this.#current;
    const localPort = destinationPort ?? this.#listeningPort;
    const remotePort = sourcePort ?? this.#remotePort++;
    const known = this.#conversations.get(`${localPort} ${remotePort}`);
    // Without a SYN there is nothing that numbers count from: they are the real ones.
    const offset = flags.includes("S") ? this.#world.random.uint32() : 0;
    const conversation = known ?? new Conversation(localPort, remotePort, offset);
    this.#conversations.set(`${localPort} ${remotePort}`, conversation);
    this.#current = conversation;
    return conversation;
  }

  /** The connection of a packet that was sent. */
  #conversationOf(payload: Uint8Array | undefined): Conversation | undefined {
    if (payload === undefined) return undefined;
    const view = new DataView(payload.buffer, payload.byteOffset);
    const [localPort, remotePort] = [view.getUint16(0), view.getUint16(2)];
    const key = `${localPort} ${remotePort}`;
    const conversation =
      this.#conversations.get(key) ??
      new Conversation(localPort, remotePort, this.#world.random.uint32());
    this.#conversations.set(key, conversation);
    this.#current ??= conversation;
    return conversation;
  }

  async #expect(spec: SegmentSpec, earliestMs: number, latestMs: number): Promise<void> {
    const { link } = this.#start();
    const wanted = format(spec);
    let whole: Segment | undefined;
    // Scripts may write several segments as one: large ones are cut where nobody sees it.
    do {
      const sent = await this.#nextSent(link, latestMs);
      if (sent === undefined) {
        const what = whole === undefined ? "nothing" : `only ${format(whole)}`;
        throw new Mismatch(`${wanted} by ${seconds(latestMs)}`, what);
      }
      const segment = this.#read(link, sent.payload, spec);
      whole = whole === undefined ? segment : joined(whole, segment);
      this.#checkTime(format(whole), sent.atMs, earliestMs, latestMs);
      this.#checkIp(spec, sent);
    } while (this.#isPartOf(spec, whole));
    const end = whole.sequence + whole.payload.length;
    const isLast = end === 1 + (this.#sockets?.writtenBytes ?? 0);
    const different = differences(spec, whole, this.#strictness, isLast);
    if (different.length > 0) {
      throw new Mismatch(wanted, `${format(whole)} (${different.join(", ")})`);
    }
  }

  #isPartOf(spec: SegmentSpec, segment: Segment): boolean {
    const isStrict = this.#script.options.has("strict_segments");
    return !isStrict && segment.payload.length > 0 && segment.payload.length < spec.payloadBytes;
  }

  async #nextSent(link: Link, latestMs: number): Promise<SentPacket | undefined> {
    const limitMs = Math.max(latestMs + this.#toleranceMs, this.#world.nowMs);
    if (link.sent.length === 0) await this.#world.advance(limitMs, () => link.sent.length > 0);
    return link.sent.shift();
  }

  #read(link: Link, payload: Uint8Array, spec: SegmentSpec): Segment {
    const conversation = this.#conversationOf(payload);
    const { local, remote } = link.addresses;
    const live = decode(payload, local, remote);
    const segment = conversation?.toScript(live, spec) ?? live;
    if (conversation?.hasRightPayload(segment) === false) {
      throw new Mismatch(`what was written at ${segment.sequence}`, "other bytes");
    }
    return segment;
  }

  #checkTime(what: string, atMs: number, earliestMs: number, latestMs: number): void {
    const [early, late] = [earliestMs - this.#toleranceMs, latestMs + this.#toleranceMs];
    if (atMs >= early && atMs <= late) return;
    const when = earliestMs === latestMs ? "" : ` to ${seconds(latestMs)}`;
    throw new Mismatch(`${what} at ${seconds(earliestMs)}${when}`, `it at ${seconds(atMs)}`);
  }

  #checkIp(spec: SegmentSpec, sent: SentPacket): void {
    for (const field of ["timeToLive", "trafficClass"] as const) {
      const wanted = spec[field];
      if (wanted !== undefined && wanted !== sent[field]) {
        throw new Mismatch(`${field} ${wanted}`, String(sent[field]));
      }
    }
  }
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(3)} s`;
}
