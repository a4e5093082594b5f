import {
  ProtocolError,
  type Clock,
  type Device,
  type Random,
  type Udp,
  type UdpSocket,
} from "../../devices/index.ts";
import { formatAddress, parseAddress } from "../address.ts";
import { timersOf, type Timers } from "../timers.ts";
import { FineWall } from "./fine-wall.ts";
import { decode, encode, identifierText, leap, messageBytes, mode } from "./packet.ts";
import { judge, type Sample, type Verdict } from "./sample.ts";

/** What a client stands on. */
export interface NtpOptions {
  readonly udp: Udp;
  readonly clock: Clock;
  readonly random: Random;
}

/** How a server is asked. */
export interface NtpQueryOptions {
  /** 123 by default. */
  readonly port?: number;
  /** How often to ask, 1–16; 4 by default. The answer that was under way the shortest counts. */
  readonly sampleCount?: number;
  /** Between two questions; 2,000 by default, which servers expect at most. */
  readonly spacingMs?: number;
  /** How long to wait for each answer; 1,000 by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What a server says of the time. Times are in milliseconds with a fraction. */
export interface NtpTime {
  /** Who said it. */
  readonly server: string;
  /** What to add to {@link Clock.wallMs} for the server's time. */
  readonly offsetMs: number;
  /** How long the messages were under way: the offset is wrong by half of that at most. */
  readonly delayMs: number;
  /** How much the other answers differ from the one that counts. */
  readonly jitterMs: number;
  /** Answers that said something. */
  readonly sampleCount: number;
  /** How many servers are between this one and a clock: 1–15. */
  readonly stratum: number;
  /** Four letters for a clock, else the address of the server that this one follows. */
  readonly reference: string;
  /** How far away that clock is, and how wrong it may be. */
  readonly rootDelayMs: number;
  readonly rootDispersionMs: number;
  /** Whether the last minute of the day has 61 seconds, or 59. */
  readonly leap: "none" | "insert" | "delete";
}

/** Asks servers for the time; setting a clock is not its business. */
export interface NtpClient extends Device {
  /**
   * Asks the server at an address, and resolves to the best of its answers.
   *
   * @throws {ProtocolError} `timed-out` if none came, `refused` if nobody is there, or the server
   *   wants not to be asked, now or for some time before; `unreachable` if its clock is not set;
   *   `no-route`, `closed`
   * @throws {TypeError} if `server` is no address
   * @throws {RangeError} if `sampleCount` is not a whole number 1–16
   * @throws the signal's reason, when it aborts
   */
  query(server: string, options?: NtpQueryOptions): Promise<NtpTime>;
}

/** How long a server that was asked too often is left alone, at first; doubled each time. */
const restMs = 60_000;

/** The most servers that are remembered for not wanting to be asked. */
const maxRests = 64;

const version = 4;

/**
 * A client over UDP, which stays the caller's.
 *
 * @see RFC 5905, RFC 4330
 */
export function connect(options: NtpOptions): NtpClient {
  return new Client(options);
}

class Client implements NtpClient {
  readonly counters = {
    sent: 0,
    samples: 0,
    /** Questions that nobody answered in time. */
    timeouts: 0,
    /** Messages that are no answers to what we asked. */
    stray: 0,
    /** Answers that said to ask less often, or not at all. */
    kisses: 0,
    /** Answers of servers whose clock is not set. */
    unset: 0,
  };
  readonly #options: NtpOptions;
  readonly #timers: Timers;
  readonly #wall: FineWall;
  readonly #closing = new AbortController();
  /** Servers that are not to be asked: until when, and for how long that was. */
  readonly #rests = new Map<string, { readonly untilMs: number; readonly lastedMs: number }>();

  constructor(options: NtpOptions) {
    this.#options = options;
    this.#timers = timersOf(options.clock);
    this.#wall = new FineWall(options.clock);
  }

  async query(server: string, options: NtpQueryOptions = {}): Promise<NtpTime> {
    const { sampleCount = 4, spacingMs = 2000, signal } = options;
    const parsed = parseAddress(server);
    if (parsed === undefined) throw new TypeError(`Cannot ask ${server}: it is no address`);
    if (!Number.isInteger(sampleCount) || sampleCount < 1 || sampleCount > 16) {
      throw new RangeError(`Cannot ask ${server} ${sampleCount} times: it is 1 to 16`);
    }
    const address = formatAddress(parsed);
    this.#checkRest(address);
    const both = signal === undefined ? this.#closing.signal : this.#bothSignals(signal);
    const samples: Sample[] = [];
    let failure: ProtocolError | undefined;
    for (let count = 0; count < sampleCount; count += 1) {
      both.throwIfAborted();
      if (count > 0) await this.#options.clock.sleep(spacingMs, both);
      const outcome = await this.#ask(address, options, both);
      if (outcome instanceof ProtocolError) failure = outcome;
      else samples.push(outcome);
      // Whoever asks on asks in vain.
      if (failure?.code === "refused") break;
    }
    if (samples.length === 0) throw failure ?? failureOf(address, "timed-out", "nobody answered");
    return timeOf(address, samples);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(failureOf("anybody", "closed", "the client was disposed"));
  }

  #bothSignals(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#closing.signal]);
  }

  #checkRest(address: string): void {
    const rest = this.#rests.get(address);
    if (rest !== undefined && this.#timers.nowMs() < rest.untilMs) {
      throw failureOf(address, "refused", "it wants not to be asked");
    }
  }

  /** Asks once, from a port of its own, so that only who sees our messages can answer. */
  async #ask(
    address: string,
    { port = 123, timeoutMs = 1000 }: NtpQueryOptions,
    signal: AbortSignal,
  ): Promise<Sample | ProtocolError> {
    const socket = this.#options.udp.bind(0);
    const patience = new AbortController();
    const timer = this.#timers.timer(() => patience.abort());
    try {
      const cookie = this.#options.random.fill(new Uint8Array(8));
      const message = questionOf(cookie);
      const sentMs = this.#wall.nowMs();
      const startMs = this.#timers.nowMs();
      timer.set(startMs + timeoutMs);
      socket.send(message, { address, port });
      this.counters.sent += 1;
      const either = AbortSignal.any([signal, patience.signal]);
      const verdict = await this.#answer(
        socket,
        { address, port, cookie, sentMs, startMs },
        either,
      );
      return this.#heed(address, verdict);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      if (patience.signal.aborted) {
        this.counters.timeouts += 1;
        return failureOf(address, "timed-out", `there was no answer in ${timeoutMs} ms`);
      }
      if (error instanceof ProtocolError && error.code === "refused") return error;
      throw error;
    } finally {
      timer.clear();
      await socket[Symbol.asyncDispose]();
    }
  }

  /** Waits for the answer to what was asked, past all else that comes to the port. */
  async #answer(socket: UdpSocket, question: Question, signal: AbortSignal): Promise<Verdict> {
    const { address, port, cookie, sentMs, startMs } = question;
    const expected = new DataView(cookie.buffer).getBigUint64(0);
    for (;;) {
      const datagram = await socket.receive(signal);
      const waitedMs = this.#timers.nowMs() - startMs;
      if (datagram === undefined) throw failureOf(address, "closed", "the stack was disposed");
      const { bytes, from } = datagram;
      const isFromServer = from.address === address && from.port === port;
      const packet = isFromServer ? decode(bytes) : undefined;
      const verdict = packet && judge(packet, expected, sentMs, waitedMs);
      if (verdict !== undefined && verdict.kind !== "stray") return verdict;
      this.counters.stray += 1;
    }
  }

  #heed(address: string, verdict: Verdict): Sample | ProtocolError {
    if (verdict.kind === "sample") {
      this.counters.samples += 1;
      this.#rests.delete(address);
      return verdict.sample;
    }
    const code = verdict.kind === "kiss" ? identifierText(verdict.code) : "";
    const isForGood = code === "DENY" || code === "RSTR";
    if (!isForGood && code !== "RATE") {
      // Other kisses say in which state its clock is (RFC 5905, 7.4).
      this.counters.unset += 1;
      return failureOf(address, "unreachable", "its clock is not set");
    }
    this.counters.kisses += 1;
    this.#rest(address, isForGood);
    return failureOf(address, "refused", `it wants to be asked less (${code})`);
  }

  #rest(address: string, isForGood: boolean): void {
    const before = this.#rests.get(address)?.lastedMs ?? restMs / 2;
    const lastedMs = isForGood ? Infinity : 2 * before;
    this.#rests.delete(address);
    const [first] = this.#rests.keys();
    if (this.#rests.size >= maxRests && first !== undefined) this.#rests.delete(first);
    this.#rests.set(address, { untilMs: this.#timers.nowMs() + lastedMs, lastedMs });
  }
}

/** What an answer has to fit. */
interface Question {
  readonly address: string;
  readonly port: number;
  readonly cookie: Uint8Array<ArrayBuffer>;
  readonly sentMs: number;
  readonly startMs: number;
}

/**
 * A question that says nothing of us: no server needs to know what our clock shows, and what
 * nobody can guess in its place proves that an answer is one (RFC 8633, 4.1; RFC 4330, 5).
 */
function questionOf(cookie: Uint8Array): Uint8Array {
  const message = new Uint8Array(messageBytes);
  const nothing = {
    leap: leap.none,
    stratum: 0,
    poll: 0,
    precision: 32,
    rootDelay: 0,
    rootDispersion: 0,
    referenceId: 0,
  };
  const transmit = new DataView(cookie.buffer, cookie.byteOffset).getBigUint64(0);
  const times = { reference: 0n, origin: 0n, receive: 0n, transmit };
  encode({ ...nothing, ...times, version, mode: mode.client }, message);
  return message;
}

/** The answer that was under way the shortest is the one least in doubt (RFC 5905, 10). */
function timeOf(server: string, samples: readonly Sample[]): NtpTime {
  const best = samples.reduce((a, b) => (b.delayMs < a.delayMs ? b : a));
  const squares = samples.reduce((sum, { offsetMs }) => sum + (offsetMs - best.offsetMs) ** 2, 0);
  const { packet, offsetMs, delayMs } = best;
  const { stratum, referenceId } = packet;
  const address = [24, 16, 8, 0].map((shift) => (referenceId >>> shift) & 0xff).join(".");
  const secondMs = 1000 / 65_536;
  return {
    server,
    offsetMs,
    delayMs,
    jitterMs: Math.sqrt(squares / Math.max(1, samples.length - 1)),
    sampleCount: samples.length,
    stratum,
    reference: stratum === 1 ? identifierText(referenceId) : address,
    rootDelayMs: packet.rootDelay * secondMs,
    rootDispersionMs: packet.rootDispersion * secondMs,
    leap: (["none", "insert", "delete"] as const)[packet.leap] ?? "none",
  };
}

function failureOf(
  server: string,
  code: "timed-out" | "refused" | "unreachable" | "closed",
  why: string,
): ProtocolError {
  return new ProtocolError(code, `Cannot ask ${server} for the time: ${why}`);
}
