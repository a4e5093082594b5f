import {
  ProtocolError,
  type Clock,
  type Datagram,
  type Device,
  type Udp,
  type UdpSocket,
} from "../../devices/index.ts";
import { parse } from "../ipv4/address.ts";
import { TokenBucket } from "../token-bucket.ts";
import { timersOf, type Timers } from "../timers.ts";
import { FineWall } from "./fine-wall.ts";
import {
  decode,
  encode,
  identifierOf,
  leap,
  messageBytes,
  mode,
  type NtpPacket,
} from "./packet.ts";
import { timestampOf } from "./timestamp.ts";

/** What a server says of its clock. */
export interface NtpStatus {
  /** How many servers are between it and a clock: 1–15; `undefined` if it is not set. */
  readonly stratum: number | undefined;
  /** Four letters that say what the clock is, or the IPv4 address of the server that it follows. */
  readonly reference: string;
  /** Whether the last minute of the day has 61 seconds, or 59. */
  readonly leap: "none" | "insert" | "delete";
  readonly rootDelayMs: number;
  /** How wrong the clock may have been when it was set; it grows from then on. */
  readonly rootDispersionMs: number;
}

/** What a server stands on, and what it says. */
export interface NtpServerOptions {
  readonly udp: Udp;
  readonly clock: Clock;
  /** 123 by default. */
  readonly port?: number | undefined;
  /** By default, a clock that nobody has set against another: stratum 10, `LOCL`. */
  readonly status?: Partial<NtpStatus> | undefined;
  /** How often one client may ask on average; 2,000 by default. At first it may 16 times at once. */
  readonly minSpacingMs?: number | undefined;
}

/** Answers who asks for the time, with that of its {@link Clock}. */
export interface NtpServer extends Device {
  /** What it says of its clock. */
  readonly status: NtpStatus;

  /** Changes that: the clock was set, is not right any more, or a leap second comes. */
  announce(changes: Partial<NtpStatus>): void;
}

/** The most clients whose questions are counted. */
const maxClients = 1024;

/** What all together may ask: more costs us too much, or somebody else whom it is said to come from. */
const [totalBurst, totalRate] = [2000, 1000];

/** A client that asks too often is told once in this time, and else not answered. */
const kissSpacingMs = 64_000;

/** How fine the clock is: milliseconds are about 2 to the power of −10. */
const precision = -10;

/** How fast a clock that nobody sets goes wrong (RFC 5905, 7.2: 15 parts in a million). */
const driftRate = 15e-6;

/**
 * A server on a port of UDP. It never answers with more bytes than it was asked with, nor to
 * anything but a client's question.
 *
 * @throws {ProtocolError} `address-in-use`, `closed`
 * @see RFC 5905
 */
export function connect(options: NtpServerOptions): NtpServer {
  return new Server(options);
}

/** What one client may still ask. */
interface Allowance {
  readonly questions: TokenBucket;
  readonly kisses: TokenBucket;
}

class Server implements NtpServer {
  readonly counters = {
    received: 0,
    answers: 0,
    /** Answers that say to ask less often. */
    kisses: 0,
    /** Questions not answered at all: too many. */
    limited: 0,
    /** Messages that are no questions of a client. */
    malformed: 0,
    /** Answers that no route led to. */
    unsent: 0,
  };
  status: NtpStatus = {
    stratum: 10,
    reference: "LOCL",
    leap: "none",
    rootDelayMs: 0,
    rootDispersionMs: 1,
  };
  readonly #timers: Timers;
  readonly #wall: FineWall;
  readonly #socket: UdpSocket;
  readonly #minSpacingMs: number;
  readonly #clients = new Map<string, Allowance>();
  readonly #total = new TokenBucket(totalBurst, totalRate);
  readonly #into = new Uint8Array(messageBytes);
  #setAtMs = 0;
  #isClosed = false;

  constructor({ udp, clock, port = 123, status = {}, minSpacingMs = 2000 }: NtpServerOptions) {
    this.#timers = timersOf(clock);
    this.#wall = new FineWall(clock);
    this.#minSpacingMs = minSpacingMs;
    this.announce(status);
    this.#socket = udp.bind(port);
    this.#socket.listen(this.#receive);
  }

  announce(changes: Partial<NtpStatus>): void {
    const status = { ...this.status, ...changes };
    const { stratum, reference } = status;
    const isStratum =
      stratum === undefined || (Number.isInteger(stratum) && stratum >= 1 && stratum <= 15);
    if (!isStratum) throw new RangeError(`Cannot be of stratum ${stratum}: it is 1 to 15`);
    if (parse(reference) === undefined && !/^[!-~]{1,4}$/.test(reference)) {
      throw new TypeError(`Cannot follow ${reference}: it is no address, and not four letters`);
    }
    this.status = status;
    this.#setAtMs = this.#wall.nowMs();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#clients.clear();
    await this.#socket[Symbol.asyncDispose]();
  }

  readonly #receive = ({ bytes, from }: Datagram): void => {
    const receivedMs = this.#wall.nowMs();
    this.counters.received += 1;
    const question = decode(bytes);
    const isQuestion =
      question?.mode === mode.client && question.version >= 1 && question.version <= 4;
    if (!isQuestion) {
      this.counters.malformed += 1;
      return;
    }
    const answer = this.#answerTo(question, from.address, receivedMs);
    if (answer === undefined) {
      this.counters.limited += 1;
      return;
    }
    encode(answer, this.#into);
    try {
      this.#socket.send(this.#into, from);
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.counters.unsent += 1;
    }
  };

  #answerTo(question: NtpPacket, address: string, receivedMs: number): NtpPacket | undefined {
    const nowMs = this.#timers.nowMs();
    const { questions, kisses } = this.#allowanceOf(address);
    const mayAsk = questions.take(nowMs);
    // Who asks too often must not use up what others may ask.
    if (!(mayAsk || kisses.take(nowMs)) || !this.#total.take(nowMs)) return undefined;
    if (mayAsk) {
      this.counters.answers += 1;
      return this.#answer(question, receivedMs);
    }
    this.counters.kisses += 1;
    const referenceId = identifierOf("RATE");
    const answer = this.#answer(question, receivedMs);
    return { ...answer, leap: leap.unknown, stratum: 0, referenceId };
  }

  #answer(question: NtpPacket, receivedMs: number): NtpPacket {
    const { status } = this;
    const ageMs = Math.max(0, receivedMs - this.#setAtMs);
    const isSet = status.stratum !== undefined;
    const address = parse(status.reference);
    return {
      leap: isSet ? leap[status.leap] : leap.unknown,
      version: question.version,
      mode: mode.server,
      stratum: status.stratum ?? 16,
      poll: question.poll,
      precision,
      rootDelay: shortOf(status.rootDelayMs),
      rootDispersion: shortOf(status.rootDispersionMs + driftRate * ageMs),
      referenceId:
        address === undefined
          ? identifierOf(status.reference.padEnd(4, "\0"))
          : new DataView(address.buffer).getUint32(0),
      reference: isSet ? timestampOf(this.#setAtMs) : 0n,
      origin: question.transmit,
      receive: timestampOf(receivedMs),
      transmit: timestampOf(this.#wall.nowMs()),
    };
  }

  /** What a client may still ask; who asked longest ago is forgotten when there are too many. */
  #allowanceOf(address: string): Allowance {
    const known = this.#clients.get(address);
    if (known !== undefined) this.#clients.delete(address);
    const [first] = this.#clients.keys();
    if (this.#clients.size >= maxClients && first !== undefined) this.#clients.delete(first);
    const allowance = known ?? {
      questions: new TokenBucket(16, 1000 / this.#minSpacingMs),
      kisses: new TokenBucket(1, 1000 / kissSpacingMs),
    };
    this.#clients.set(address, allowance);
    return allowance;
  }
}

/** Milliseconds as seconds of 16 bits and as many of a fraction, the most if there are more. */
function shortOf(durationMs: number): number {
  return Math.min(Math.round((durationMs / 1000) * 65_536), 0xffff_ffff);
}
