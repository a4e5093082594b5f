import {
  ResolverError,
  type Clock,
  type Random,
  type ResolverErrorCode,
  type Tcp,
  type TcpFlow,
  type Udp,
} from "../../devices/index.ts";
import { parseAddress } from "../address.ts";
import { isSameAddress } from "../prefix.ts";
import { timersOf, type Timers } from "../timers.ts";
import { word } from "../words.ts";
import { nameBytes } from "./name.ts";
import {
  decode,
  encode,
  flag,
  internetClass,
  recordType,
  responseCode,
  type DnsPacket,
  type DnsQuestion,
} from "./packet.ts";

/** What questions are sent with. */
export interface ExchangeOptions {
  readonly udp: Udp;
  /** For answers that do not fit a datagram; without it, a server that sends such has failed. */
  readonly tcp?: Tcp | undefined;
  readonly clock: Clock;
  readonly random: Random;
  /** Writes queries, as {@link encode} does by default. */
  readonly encode?: typeof encode;
  /** Whether a message repeats a query's question well enough; any that asks the same by default. */
  readonly repeats?: (query: Uint8Array, message: Uint8Array) => boolean;
}

/** An answer, and the message that its data is part of. */
export interface Reply {
  readonly packet: DnsPacket;
  readonly message: Uint8Array;
}

const port = 53;
const serverTimeoutsMs: readonly number[] = [1000, 2000, 4000];

/** What we take in one datagram: it fits every path without fragments (DNS flag day 2020). */
const datagramBytes = 1232;

/** Asks servers. */
export class Exchange {
  readonly counters = {
    queries: 0,
    /** Queries that nobody answered in time. */
    timeouts: 0,
    /** Answers that did not fit a datagram. */
    truncated: 0,
    /** Messages that were no answers, or not to what was asked of whom. */
    strayMessages: 0,
  };
  readonly #options: ExchangeOptions;
  readonly #timers: Timers;
  /** Servers that did not understand EDNS (RFC 6891, 7). */
  readonly #plainServers = new Set<string>();

  constructor(options: ExchangeOptions) {
    this.#options = options;
    this.#timers = timersOf(options.clock);
  }

  /**
   * Asks one server after the other, three times round, each time with more patience, for a reply
   * that says something: records, or that there are none.
   *
   * @throws {ResolverError} `no-servers`, `timed-out`, `server-failure`
   * @throws the signal's reason, when it aborts
   */
  async ask(
    servers: readonly string[],
    question: DnsQuestion,
    signal: AbortSignal,
  ): Promise<Reply> {
    let failure: ResolverErrorCode = servers.length === 0 ? "no-servers" : "timed-out";
    for (const timeoutMs of serverTimeoutsMs) {
      for (const server of servers) {
        const reply = await this.#askServer(server, question, timeoutMs, signal);
        if (typeof reply !== "string") return reply;
        failure = reply;
      }
    }
    throw new ResolverError(failure, `Cannot resolve ${question.name}: ${reasons[failure]}`);
  }

  async #askServer(
    server: string,
    question: DnsQuestion,
    timeoutMs: number,
    signal: AbortSignal,
  ): Promise<Reply | "server-failure" | "timed-out"> {
    signal.throwIfAborted();
    this.counters.queries += 1;
    const controller = new AbortController();
    const timeout = this.#timers.timer(() => controller.abort(timedOut));
    timeout.set(this.#timers.nowMs() + timeoutMs);
    const either = AbortSignal.any([signal, controller.signal]);
    try {
      const reply = await this.#tryServer(server, question, either);
      const code = reply.packet.flags & flag.responseCode;
      const isUnderstood =
        code !== responseCode.formatError && code !== responseCode.notImplemented;
      if (code === responseCode.ok || code === responseCode.noSuchName) return reply;
      if (!isUnderstood && !this.#plainServers.has(server)) {
        this.#plainServers.add(server);
        return await this.#askServer(server, question, timeoutMs, signal);
      }
      return "server-failure";
    } catch (error) {
      // Ours to throw on; all else is a server that cannot be reached.
      if (signal.aborted) throw signal.reason;
      if (error !== timedOut) return "server-failure";
      this.counters.timeouts += 1;
      return "timed-out";
    } finally {
      timeout.clear();
    }
  }

  async #tryServer(server: string, question: DnsQuestion, signal: AbortSignal): Promise<Reply> {
    const query = this.#query(server, question);
    const reply = await this.#overUdp(server, query, question, signal);
    if ((reply.packet.flags & flag.truncated) === 0) return reply;
    this.counters.truncated += 1;
    return this.#overTcp(server, query, question, signal);
  }

  #query(server: string, question: DnsQuestion): Uint8Array {
    const edns = {
      name: "",
      type: recordType.OPT,
      class: datagramBytes,
      ttlSeconds: 0,
      data: new Uint8Array(0),
    };
    const query = new Uint8Array(12 + nameBytes(question.name) + 4 + 11);
    const write = this.#options.encode ?? encode;
    const length = write(
      {
        id: this.#options.random.uint32() & 0xffff,
        flags: flag.recursionDesired,
        questions: [question],
        answers: [],
        authorities: [],
        additionals: this.#plainServers.has(server) ? [] : [edns],
      },
      query,
    );
    return query.subarray(0, length);
  }

  /** Each query has a socket of its own, so that its port must be guessed too (RFC 5452, 9.2). */
  async #overUdp(
    server: string,
    query: Uint8Array,
    question: DnsQuestion,
    signal: AbortSignal,
  ): Promise<Reply> {
    const address = parseAddress(server) ?? new Uint8Array(0);
    const socket = this.#options.udp.bind(0);
    try {
      socket.send(query, { address: server, port });
      for (;;) {
        const datagram = await socket.receive(signal);
        if (datagram === undefined) throw new Error("The socket was disposed");
        const { bytes, from } = datagram;
        const isFromServer =
          from.port === port && isSameAddress(parseAddress(from.address) ?? query, address);
        const reply = isFromServer ? this.#replyTo(query, question, bytes) : undefined;
        if (reply !== undefined) return reply;
        this.counters.strayMessages += 1;
      }
    } finally {
      await socket[Symbol.asyncDispose]();
    }
  }

  /** Messages on a stream come after their lengths (RFC 1035, 4.2.2; RFC 7766). */
  async #overTcp(
    server: string,
    query: Uint8Array,
    question: DnsQuestion,
    signal: AbortSignal,
  ): Promise<Reply> {
    const { tcp } = this.#options;
    if (tcp === undefined) throw new Error("There is no TCP");
    const flow = await tcp.connect({ address: server, port }, { signal });
    try {
      await flow.write(Uint8Array.of(query.length >>> 8, query.length, ...query));
      const message = await readMessage(flow, signal);
      const reply = message && this.#replyTo(query, question, message);
      if (reply === undefined) throw new Error("The server sent no answer");
      return reply;
    } finally {
      flow.abort();
    }
  }

  #replyTo(query: Uint8Array, asked: DnsQuestion, message: Uint8Array): Reply | undefined {
    const repeats = this.#options.repeats?.(query, message) ?? true;
    return repeats ? replyTo(query, asked, message) : undefined;
  }
}

const timedOut = new Error("The server did not answer in time");

const reasons: Readonly<Partial<Record<ResolverErrorCode, string>>> = {
  "no-servers": "there is no server to ask",
  "timed-out": "no server answered in time",
  "server-failure": "the servers failed",
};

/** Takes a message for the answer to `query` if all of it that can be compared is the same. */
function replyTo(query: Uint8Array, asked: DnsQuestion, message: Uint8Array): Reply | undefined {
  if (message[0] !== query[0] || message[1] !== query[1]) return undefined;
  const packet = decode(message);
  if (packet === undefined || (packet.flags & flag.response) === 0) return undefined;
  if ((packet.flags & flag.opcode) !== 0) return undefined;
  const [question, ...more] = packet.questions;
  // What a server did not understand it need not repeat; what it says of a name it must.
  const code = packet.flags & flag.responseCode;
  if (question === undefined && code !== responseCode.ok && code !== responseCode.noSuchName) {
    return { packet, message };
  }
  const isSame =
    question?.name === asked.name &&
    question.type === asked.type &&
    question.class === internetClass &&
    more.length === 0;
  return isSame ? { packet, message } : undefined;
}

/** Reads one message of a stream, or `undefined` if it ends before. */
async function readMessage(flow: TcpFlow, signal: AbortSignal): Promise<Uint8Array | undefined> {
  const received = new Uint8Array(2 + 0xffff);
  for (let length = 0; ;) {
    const end = 2 + word(received, 0);
    if (length >= 2 && length >= end) return received.subarray(2, end);
    const chunk = await flow.read(signal);
    if (chunk === undefined) return undefined;
    const taken = chunk.subarray(0, received.length - length);
    received.set(taken, length);
    length += taken.length;
  }
}
