import type { Device } from "../../devices/index.ts";
import { parseAddress } from "../address.ts";
import { timersOf, type Timers } from "../timers.ts";
import { isWithin, keyOf, readName } from "./domain.ts";
import { Exchange, type ExchangeOptions, type Reply } from "./exchange.ts";
import { MessageWriter, section } from "./message-writer.ts";
import {
  decode,
  flag,
  internetClass,
  recordType,
  type DnsQuestion,
  type DnsRecord,
} from "./packet.ts";
import { rcode } from "./query.ts";
import { namesIn, plainData } from "./record-fields.ts";
import { negativeTtlSeconds } from "./record-data.ts";
import { ReplyCache } from "./reply-cache.ts";
import { SharedWork } from "./shared-work.ts";
import { anyType, type RecordSet } from "./zone.ts";

/** What a forwarder stands on, and whom it asks. */
export interface ForwarderOptions extends Omit<ExchangeOptions, "encode" | "repeats"> {
  /** Addresses of servers that ask further, in the order in which they are asked. */
  readonly servers: readonly string[];
  /** How long an answer may take, in milliseconds; 5,000 by default. */
  readonly deadlineMs?: number;
  /** What answers are kept in, in bytes; 1 MiB by default. */
  readonly cacheBytes?: number;
  /** Questions that may wait for servers at once, 500 by default; those beyond fail. */
  readonly maxWaiting?: number;
  /** Whether to ask in random letters, which answers must repeat; true by default. */
  readonly mixesCase?: boolean;
}

/** What servers say of a name. */
export interface ForwardedReply {
  /** `rcode.ok`, `noSuchName`, or `serverFailure` if there is no answer. */
  readonly code: number;
  /** The aliases of the name in their order, and the records of the last. */
  readonly answers: readonly RecordSet[];
  /** The SOA record that a negative answer comes with. */
  readonly authorities: readonly RecordSet[];
}

/** Asks other servers, and remembers what they say. */
export interface Forwarder extends Device {
  /** Answers a question of class IN. Never rejects: whatever fails is a failure of servers. */
  ask(question: DnsQuestion, signal?: AbortSignal): Promise<ForwardedReply>;

  /**
   * Asks other servers from now on, and forgets what the others said.
   *
   * @throws {TypeError} if one is no address
   */
  setServers(servers: readonly string[]): void;
}

/**
 * A forwarder over the layers that are given, which stay the caller's.
 *
 * @throws {TypeError} as {@link Forwarder.setServers}
 */
export function connect(options: ForwarderOptions): Forwarder {
  return new CachingForwarder(options);
}

/** No answer is kept for longer, whatever it says; one that there is nothing: RFC 2308, 5. */
const maxTtlSeconds = 86_400;
const maxNegativeTtlSeconds = 10_800;

/** How long a failure is an answer (RFC 9520, 3.2). */
const failureTtlSeconds = 5;

const maxAliases = 8;

const failure: ForwardedReply = { code: rcode.serverFailure, answers: [], authorities: [] };

class CachingForwarder implements Forwarder {
  readonly counters: Record<string, number>;
  readonly #options: ForwarderOptions;
  readonly #exchange: Exchange;
  readonly #timers: Timers;
  readonly #cache: ReplyCache;
  readonly #asking = new SharedWork<ForwardedReply>();
  #servers: readonly string[] = [];
  #waitingCount = 0;
  #isClosed = false;

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#timers = timersOf(options.clock);
    this.#cache = new ReplyCache(options.cacheBytes ?? 1 << 20);
    this.#exchange = new Exchange({
      ...options,
      encode: (packet, into) => this.#encode(packet, into),
      repeats: repeatsQuestion,
    });
    // The exchange counts on in the same object.
    this.counters = Object.assign(this.#exchange.counters, {
      hits: 0,
      misses: 0,
      failures: 0,
      overloads: 0,
    });
    this.setServers(options.servers);
  }

  setServers(servers: readonly string[]): void {
    const wrong = servers.find((server) => parseAddress(server) === undefined);
    if (wrong !== undefined) {
      throw new TypeError(`Cannot ask ${JSON.stringify(wrong)}: not an address`);
    }
    this.#servers = [...servers];
    this.#cache.clear();
  }

  async ask(question: DnsQuestion, signal?: AbortSignal): Promise<ForwardedReply> {
    const asked = { ...question, name: keyOf(question.name) };
    const nowMs = this.#timers.nowMs();
    // That there is no such name is true for all types.
    const kept = this.#cache.get(keyFor(asked), nowMs) ?? this.#cache.get(asked.name, nowMs);
    if (kept !== undefined) {
      this.#count("hits");
      return kept;
    }
    if (this.#isClosed || this.#waitingCount >= (this.#options.maxWaiting ?? 500)) {
      this.#count("overloads");
      return failure;
    }
    this.#count("misses");
    this.#waitingCount += 1;
    try {
      return await this.#wait(asked, signal);
    } catch {
      this.#count("failures");
      const isOurs = signal?.aborted !== true && !this.#isClosed;
      if (isOurs) this.#cache.set(keyFor(asked), failure, failureTtlSeconds, this.#timers.nowMs());
      return failure;
    } finally {
      this.#waitingCount -= 1;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#cache.clear();
    this.#asking.abort(new Error("The forwarder was disposed"));
  }

  /** Waits for an answer, together with who asks the same, up to the deadline. */
  async #wait(question: DnsQuestion, signal: AbortSignal | undefined): Promise<ForwardedReply> {
    const controller = new AbortController();
    const timer = this.#timers.timer(() => controller.abort(new Error("It took too long")));
    timer.set(this.#timers.nowMs() + (this.#options.deadlineMs ?? 5000));
    const stop = (): void => controller.abort(signal?.reason);
    signal?.addEventListener("abort", stop);
    try {
      signal?.throwIfAborted();
      const start = (shared: AbortSignal): Promise<ForwardedReply> => this.#fetch(question, shared);
      return await this.#asking.join(keyFor(question), start, controller.signal);
    } finally {
      timer.clear();
      signal?.removeEventListener("abort", stop);
    }
  }

  async #fetch(question: DnsQuestion, signal: AbortSignal): Promise<ForwardedReply> {
    const servers = this.#servers;
    const { reply, ttlSeconds, lastName } = read(
      await this.#exchange.ask(servers, question, signal),
      question,
    );
    if (servers === this.#servers && !this.#isClosed) {
      const isOfAllTypes = reply.code === rcode.noSuchName && lastName === question.name;
      const key = isOfAllTypes ? question.name : keyFor(question);
      this.#cache.set(key, reply, ttlSeconds, this.#timers.nowMs());
    }
    return reply;
  }

  #encode(packet: Parameters<NonNullable<ExchangeOptions["encode"]>>[0], into: Uint8Array): number {
    const writer = new MessageWriter(into.length, packet.id, packet.flags);
    for (const question of packet.questions) {
      writer.question({ ...question, name: this.#mixed(question.name) });
    }
    writer.records(section.additionals, packet.additionals);
    into.set(writer.finish());
    return writer.length;
  }

  /** A name in random letters: 20 of them make an answer a million times harder to guess. */
  #mixed(name: string): string {
    if (this.#options.mixesCase === false) return name;
    let bits = 0;
    let count = 0;
    return name.replaceAll(/[a-z]/g, (letter) => {
      if (count % 32 === 0) bits = this.#options.random.uint32();
      const isUpper = ((bits >>> (count % 32)) & 1) === 1;
      count += 1;
      return isUpper ? letter.toUpperCase() : letter;
    });
  }

  #count(name: string): void {
    this.counters[name] = (this.counters[name] ?? 0) + 1;
  }
}

function keyFor({ name, type }: DnsQuestion): string {
  return `${name} ${type}`;
}

/** Whether a message has the question of a query, in the same letters. */
function repeatsQuestion(query: Uint8Array, message: Uint8Array): boolean {
  const end = readName(query, 12)?.end ?? 12;
  // A refusal need not repeat the question; whether it may is the exchange's to say.
  if (message[4] === 0 && message[5] === 0) return true;
  for (let at = 12; at < end; at += 1) if (message[at] !== query[at]) return false;
  return true;
}

/**
 * Reads of a reply what answers the question: the aliases of the name, in their order, the records
 * of the last one, or the SOA record of a zone that this name is in. All else a server may have made
 * up about names of others.
 *
 * @throws {Error} if a record is not what its type should have
 */
function read(
  { message }: Reply,
  question: DnsQuestion,
): { reply: ForwardedReply; ttlSeconds: number; lastName: string } {
  const packet = decode(message, readName);
  if (packet === undefined) throw new Error("The reply is malformed");
  const of = (name: string, type: number): RecordSet =>
    packet.answers
      .filter((each) => keyOf(each.name) === name && isOf(each, type))
      .map((each) => plain(each, message));
  const answers: RecordSet[] = [];
  let lastName = question.name;
  let found = of(lastName, question.type);
  while (found.length === 0 && answers.length < maxAliases) {
    const [alias] = of(lastName, recordType.CNAME);
    const target = alias && namesIn(alias)[0];
    if (alias === undefined || target === undefined) break;
    answers.push([alias]);
    lastName = keyOf(target);
    found = of(lastName, question.type);
  }
  if (found.length > 0) answers.push(found);
  const code = packet.flags & flag.responseCode;
  const soa = packet.authorities.filter(
    (each) => isOf(each, recordType.SOA) && isWithin(lastName, keyOf(each.name)),
  );
  const isNegative = found.length === 0;
  const authorities = isNegative ? soa.slice(0, 1).map((each) => [plain(each, message)]) : [];
  const negative = Math.min(maxNegativeTtlSeconds, negativeTtlSeconds(authorities.flat()));
  const times = answers.flat().map(({ ttlSeconds }) => ttlSeconds);
  const ttlSeconds = Math.min(maxTtlSeconds, ...times, ...(isNegative ? [negative] : []));
  return { reply: { code, answers, authorities }, ttlSeconds, lastName };
}

function isOf(record: DnsRecord, type: number): boolean {
  return (type === anyType || record.type === type) && record.class === internetClass;
}

/** A record on its own; a time with the highest bit set counts as none (RFC 2181, 8). */
function plain(record: DnsRecord, message: Uint8Array): DnsRecord {
  const data = plainData(record, message);
  if (data === undefined) throw new Error("A record is malformed");
  return { ...record, data, ttlSeconds: record.ttlSeconds > 0x7fff_ffff ? 0 : record.ttlSeconds };
}
