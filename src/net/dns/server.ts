import type {
  Clock,
  Datagram,
  Device,
  Tcp,
  TcpFlow,
  TcpListener,
  Udp,
} from "../../devices/index.ts";
import type { UdpSocket } from "../../devices/index.ts";
import { timersOf, type Timers } from "../timers.ts";
import { Authority, type Answer } from "./authority.ts";
import { keyOf } from "./domain.ts";
import type { Forwarder } from "./forwarder.ts";
import { flag, internetClass, type DnsQuestion } from "./packet.ts";
import { rcode, readQuery, type Query } from "./query.ts";
import { datagramLimit, streamBytes, writeReply } from "./reply.ts";
import { ResponseLimit, type ResponseLimitOptions } from "./response-limit.ts";
import { StreamSession } from "./stream-session.ts";
import { anyType, type Zone } from "./zone.ts";

/** What a server stands on, and what it serves. */
export interface DnsServerOptions {
  readonly udp: Udp;
  /** For answers that do not fit a datagram, and for who prefers it. */
  readonly tcp?: Tcp | undefined;
  readonly clock: Clock;
  /** 53 by default. */
  readonly port?: number;
  /** Our address to serve on; all of ours by default. */
  readonly address?: string;
  /** The zones that it answers for; see {@link DnsServer.setZones}. */
  readonly zones?: readonly Zone[];
  /** Answers what is in no zone of ours, for who wants that; without it, that is refused. */
  readonly forwarder?: Forwarder | undefined;
  /** Who may have the forwarder asked, by address; everybody by default. */
  readonly mayForward?: (address: string) => boolean;
  /** Is told of each question, and who asks it. */
  readonly onQuestion?: (question: DnsQuestion, address: string) => void;
  /** The limit on equal answers to one network over UDP. */
  readonly limit?: ResponseLimitOptions;
  /** Connections at once, 64 by default, of which one client has a quarter; others are aborted. */
  readonly maxConnections?: number;
  /** How long a connection may be silent, in milliseconds; 10,000 by default (RFC 7766, 6.2.3). */
  readonly idleMs?: number;
}

/** A name server. */
export interface DnsServer extends Device {
  readonly counters: Readonly<Record<keyof Counters, number>>;

  /**
   * Answers for other zones from the next question on.
   *
   * @throws {TypeError} if two have one name; the zones are then as before
   */
  setZones(zones: readonly Zone[]): void;
}

type Counters = ReturnType<typeof makeCounters>;

function makeCounters() {
  return {
    /** Questions, by how they came. */
    udpQueries: 0,
    tcpQueries: 0,
    /** Answers, by what they say. */
    answers: 0,
    noData: 0,
    noSuchName: 0,
    referrals: 0,
    /** Among all these, what a forwarder had to be asked for. */
    forwarded: 0,
    refused: 0,
    formatErrors: 0,
    notImplemented: 0,
    badVersions: 0,
    serverFailures: 0,
    /** Answers that did not fit a datagram. */
    truncated: 0,
    /** Answers that the limit held back, and those that it cut instead. */
    limited: 0,
    limitedCut: 0,
    /** What came and is not answered: answers to somebody, and what has no header. */
    responses: 0,
    malformed: 0,
    /** Answers to addresses that cannot be reached, or to what was sent to many. */
    unsendable: 0,
    /** Connections, and those that found no room. */
    connections: 0,
    connectionsRefused: 0,
  };
}

/**
 * A server over the layers that are given, which stay the caller's, as the forwarder does.
 *
 * @throws {ProtocolError} `address-in-use`, `no-route` if the address is not ours, `closed`
 * @throws {TypeError} as {@link DnsServer.setZones}
 */
export function connect(options: DnsServerOptions): DnsServer {
  return new Server(options);
}

const transferTypes: ReadonlySet<number> = new Set([251, 252]);

/** Types that are no records and no questions (RFC 6895, 3.1), but for those that zones have. */
function isMeta(type: number): boolean {
  return type === 0 || type === 41 || (type >= 128 && type < anyType && !transferTypes.has(type));
}

class Server implements DnsServer {
  readonly counters: Counters = makeCounters();
  readonly #options: DnsServerOptions;
  readonly #timers: Timers;
  readonly #limit: ResponseLimit;
  readonly #socket: UdpSocket;
  readonly #listener: TcpListener | undefined;
  readonly #flows = new Set<TcpFlow>();
  #authority: Authority;

  constructor(options: DnsServerOptions) {
    const { udp, tcp, clock, port = 53, address, zones = [], limit } = options;
    const at = address === undefined ? {} : { address };
    this.#options = options;
    this.#timers = timersOf(clock);
    this.#authority = new Authority(zones);
    this.#limit = new ResponseLimit(limit);
    this.#socket = udp.bind(port, at);
    try {
      this.#listener = tcp?.listen(port, (flow) => this.#accept(flow), at);
    } catch (error) {
      void this.#socket[Symbol.asyncDispose]();
      throw error;
    }
    this.#socket.listen(this.#receive);
  }

  setZones(zones: readonly Zone[]): void {
    this.#authority = new Authority(zones);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener?.[Symbol.asyncDispose]();
    await this.#socket[Symbol.asyncDispose]();
    for (const flow of this.#flows) flow.abort();
  }

  readonly #receive = (datagram: Datagram): void => {
    const query = this.#read(datagram.bytes);
    if (query === undefined) return;
    this.counters.udpQueries += 1;
    const { from, to } = datagram;
    const answer = this.#answer(query, from.address, true);
    if (!(answer instanceof Promise)) this.#send(query, answer, from, to);
    else void answer.then((late) => this.#send(query, late, from, to));
  };

  #send(query: Query, answer: Answer | number, from: Datagram["from"], to: string): void {
    const verdict = this.#limit.judge(from.address, kindOf(query, answer), this.#timers.nowMs());
    if (verdict === "drop") {
      this.counters.limited += 1;
      return;
    }
    const isCut = verdict === "cut";
    if (isCut) this.counters.limitedCut += 1;
    const limitBytes = datagramLimit(query);
    const isRecursive = this.#mayForward(from.address);
    const reply = writeReply(query, answer, { limitBytes, isRecursive, isCut });
    if (!isCut && ((reply[2] ?? 0) & (flag.truncated >>> 8)) !== 0) this.counters.truncated += 1;
    try {
      // From the address that was asked; the system's own sockets do not tell it.
      const isKnown = to !== "::" && to !== "0.0.0.0";
      this.#socket.send(reply, from, isKnown ? { source: to } : {});
    } catch {
      this.counters.unsendable += 1;
    }
  }

  async #accept(flow: TcpFlow): Promise<void> {
    const { maxConnections = 64, idleMs = 10_000 } = this.#options;
    const { address } = flow.remote;
    const same = [...this.#flows].filter(({ remote }) => remote.address === address);
    if (this.#flows.size >= maxConnections || same.length >= Math.ceil(maxConnections / 4)) {
      this.counters.connectionsRefused += 1;
      flow.abort();
      return;
    }
    this.counters.connections += 1;
    this.#flows.add(flow);
    const answer = (message: Uint8Array): Promise<Uint8Array | undefined> =>
      this.#answerOnStream(message, address);
    await new StreamSession(flow, answer, this.#timers, idleMs).run();
    this.#flows.delete(flow);
  }

  async #answerOnStream(message: Uint8Array, address: string): Promise<Uint8Array | undefined> {
    const query = this.#read(message);
    if (query === undefined) return undefined;
    this.counters.tcpQueries += 1;
    const answer = await this.#answer(query, address, false);
    const isRecursive = this.#mayForward(address);
    return writeReply(query, answer, { limitBytes: streamBytes, isRecursive });
  }

  #read(message: Uint8Array): Query | undefined {
    const query = readQuery(message);
    if (typeof query !== "string") return query;
    this.counters[query === "response" ? "responses" : "malformed"] += 1;
    return undefined;
  }

  /** What to answer, or a code alone; later, if others have to be asked. */
  #answer(
    query: Query,
    address: string,
    isUdp: boolean,
  ): Answer | number | Promise<Answer | number> {
    const { question, fault, flags } = query;
    if (question === undefined || fault !== rcode.ok) return this.#count(fault);
    this.#options.onQuestion?.(question, address);
    const { type } = question;
    if (isMeta(type)) return this.#count(rcode.notImplemented);
    if (question.class !== internetClass || transferTypes.has(type)) {
      return this.#count(rcode.refused);
    }
    const found = this.#authority.answer(question);
    const wantsMore = (flags & flag.recursionDesired) !== 0 && this.#mayForward(address);
    if (found === undefined) {
      return wantsMore ? this.#forward(question, undefined) : this.#count(rcode.refused);
    }
    if (wantsMore && (found.isReferral || found.leadsTo !== undefined)) {
      return this.#forward({ ...question, name: found.leadsTo ?? question.name }, found);
    }
    return this.#count(type === anyType && isUdp ? oneOf(found) : found);
  }

  /** Asks others, for what aliases of ours lead to, too. */
  async #forward(question: DnsQuestion, found: Answer | undefined): Promise<Answer | number> {
    this.counters.forwarded += 1;
    const { forwarder } = this.#options;
    const reply = await forwarder?.ask(question);
    if (reply === undefined || reply.code === rcode.serverFailure) {
      return this.#count(rcode.serverFailure);
    }
    const before = found?.leadsTo === undefined ? [] : found.answers;
    return this.#count({
      code: reply.code,
      isAuthoritative: before.length > 0,
      answers: [...before, ...reply.answers],
      authorities: reply.authorities,
      additionals: [],
      isReferral: false,
      leadsTo: undefined,
      source: reply.authorities[0]?.[0]?.name ?? keyOf(question.name),
    });
  }

  #mayForward(address: string): boolean {
    const { forwarder, mayForward } = this.#options;
    return forwarder !== undefined && (mayForward?.(address) ?? true);
  }

  /** Counts an answer by its kind, and gives it back. */
  #count<Given extends Answer | number>(answer: Given): Given {
    this.counters[counterOf(answer)] += 1;
    return answer;
  }
}

const counterByCode: Readonly<Record<number, keyof Counters>> = {
  [rcode.formatError]: "formatErrors",
  [rcode.serverFailure]: "serverFailures",
  [rcode.noSuchName]: "noSuchName",
  [rcode.notImplemented]: "notImplemented",
  [rcode.refused]: "refused",
  [rcode.badVersion]: "badVersions",
};

function counterOf(answer: Answer | number): keyof Counters {
  const code = typeof answer === "number" ? answer : answer.code;
  const byCode = counterByCode[code];
  if (byCode !== undefined) return byCode;
  if (typeof answer !== "number" && answer.isReferral) return "referrals";
  return typeof answer === "number" || answer.answers.length === 0 ? "noData" : "answers";
}

/** What is the same in answers that a flood of queries would get, however its names vary. */
function kindOf({ question }: Query, answer: Answer | number): string {
  if (typeof answer === "number") return `code ${answer}`;
  return `${answer.code} ${answer.source} ${question?.type}`;
}

/** One set of records is enough for who asks for all (RFC 8482, 4.1). */
function oneOf(answer: Answer): Answer {
  return { ...answer, answers: answer.answers.slice(0, 1), additionals: [] };
}
