import {
  ResolverError,
  type RecordLifetime,
  type Resolver,
  type ResolverErrorCode,
  type ResourceRecords,
} from "../../devices/index.ts";
import { formatAddress, parseAddress } from "../address.ts";
import { AnswerCache } from "./cache.ts";
import { sortDestinations } from "./destinations.ts";
import { Exchange, type ExchangeOptions, type Reply } from "./exchange.ts";
import { isName } from "./name.ts";
import { flag, internetClass, recordType, responseCode, type DnsRecord } from "./packet.ts";
import { decodeData, negativeTtlSeconds } from "./record-data.ts";
import { SharedWork } from "./shared-work.ts";

/** What a resolver stands on and starts with. */
export interface ResolverOptions extends ExchangeOptions {
  /** Addresses of servers, see {@link DnsResolver.setServers}. */
  readonly servers?: readonly string[];
  /** See {@link DnsResolver.setSearchDomains}. */
  readonly searchDomains?: readonly string[];
  /** Addresses of names that no server is asked for. */
  readonly hosts?: Readonly<Record<string, readonly string[]>>;
  /** Dots in a name from which on it is first tried as it is; 1 by default. */
  readonly ndots?: number;
  /** The address that we would send from to another, by which addresses are sorted. */
  readonly sourceFor?: (destination: Uint8Array) => Uint8Array | undefined;
}

/** A stub resolver: it asks servers that ask further. */
export interface DnsResolver extends Resolver {
  /**
   * Asks other servers from now on, in this order, by their addresses as text.
   *
   * @throws {TypeError} if one is no address
   */
  setServers(servers: readonly string[]): void;

  /** Tries other domains from now on, in this order, for names that are not whole. */
  setSearchDomains(domains: readonly string[]): void;
}

type RecordType = keyof ResourceRecords;
type Known<Type extends RecordType> = ResourceRecords[Type] & RecordLifetime;

/** Records of any type, none where there are none. */
type Answer = readonly (object & RecordLifetime)[];

/** Aliases that are followed for one question. */
const maxAliases = 8;

/** A resolver over the layers that are given, which stay the caller's. */
export function connect(options: ResolverOptions): DnsResolver {
  return new StubResolver(options);
}

class StubResolver implements DnsResolver {
  readonly counters: Readonly<Record<string, number>>;
  readonly #exchange: Exchange;
  readonly #options: ResolverOptions;
  readonly #cache = new AnswerCache<Answer>();
  readonly #asking = new SharedWork<Answer>();
  readonly #hosts: ReadonlyMap<string, readonly string[]>;
  #servers: readonly string[] = [];
  #searchDomains: readonly string[] = [];
  #isClosed = false;

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#exchange = new Exchange(options);
    this.counters = this.#exchange.counters;
    const hosts = Object.entries(options.hosts ?? {});
    this.#hosts = new Map(hosts.map(([name, addresses]) => [whole(name), addresses]));
    this.setServers(options.servers ?? []);
    this.setSearchDomains(options.searchDomains ?? []);
  }

  setServers(servers: readonly string[]): void {
    const wrong = servers.find((server) => parseAddress(server) === undefined);
    if (wrong !== undefined) {
      throw new TypeError(`Cannot ask ${JSON.stringify(wrong)}: not an address`);
    }
    // What one network answers need not be true in the next.
    if (servers.join() !== this.#servers.join()) this.#cache.clear();
    this.#servers = [...servers];
  }

  setSearchDomains(domains: readonly string[]): void {
    this.#searchDomains = domains.filter(isName).map(whole);
  }

  async resolve(
    name: string,
    { family, signal }: { readonly family?: 4 | 6; readonly signal?: AbortSignal } = {},
  ): Promise<readonly string[]> {
    signal?.throwIfAborted();
    this.#checkOpen(name);
    const local = this.#known(name);
    if (local !== undefined) return ofFamily(local, family, name);
    checkName(name);
    let failure: unknown = notFound(name);
    for (const candidate of this.#candidates(name)) {
      const { addresses, error } = await this.#addresses(candidate, family, signal);
      if (addresses.length > 0) return addresses;
      // A domain without the name says less than one whose servers failed.
      if (hasCode(error, "server-failure")) failure = error;
      else if (!hasCode(error, "not-found")) throw error;
    }
    throw failure;
  }

  async records<Type extends RecordType>(
    name: string,
    type: Type,
    signal?: AbortSignal,
  ): Promise<readonly Known<Type>[]> {
    signal?.throwIfAborted();
    this.#checkOpen(name);
    checkName(name);
    return this.#records(whole(name), type, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#cache.clear();
    this.#asking.abort(new ResolverError("closed", "Cannot resolve: the resolver was disposed"));
  }

  /** Addresses that no server is asked for, if it is such a name (RFC 6761, 6.3). */
  #known(name: string): readonly string[] | undefined {
    const address = parseAddress(name);
    if (address !== undefined) return [formatAddress(address)];
    const wholeName = whole(name);
    const isLocal = wholeName === "localhost" || wholeName.endsWith(".localhost");
    return this.#hosts.get(wholeName) ?? (isLocal ? this.#sorted(["::1", "127.0.0.1"]) : undefined);
  }

  /** The names that `name` may stand for, the likeliest first. */
  #candidates(name: string): readonly string[] {
    const wholeName = whole(name);
    if (name.endsWith(".")) return [wholeName];
    const found = this.#searchDomains.map((domain) => `${wholeName}.${domain}`).filter(isName);
    const isLong = wholeName.split(".").length > (this.#options.ndots ?? 1);
    return isLong ? [wholeName, ...found] : [...found, wholeName];
  }

  /** Asks for both families at once, and for what went wrong if there is none. */
  async #addresses(
    name: string,
    family: 4 | 6 | undefined,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly addresses: readonly string[]; readonly error: unknown }> {
    const types = family === undefined ? (["AAAA", "A"] as const) : [family === 4 ? "A" : "AAAA"];
    const asked = types.map((type) => this.#records(name, type as "A" | "AAAA", signal));
    const settled = await Promise.allSettled(asked);
    signal?.throwIfAborted();
    const addresses = settled.flatMap((each) =>
      each.status === "fulfilled" ? each.value.map(({ address }) => address) : [],
    );
    const errors = settled.flatMap((each) => (each.status === "rejected" ? [each.reason] : []));
    const error = errors.find((each) => !hasCode(each, "not-found")) ?? errors[0];
    return { addresses: this.#sorted(addresses), error };
  }

  #sorted(addresses: readonly string[]): readonly string[] {
    const { sourceFor } = this.#options;
    return sourceFor === undefined ? addresses : sortDestinations(addresses, sourceFor);
  }

  /** Records of a whole name, from the cache, from who asks the same already, or from servers. */
  async #records<Type extends RecordType>(
    name: string,
    type: Type,
    signal: AbortSignal | undefined,
  ): Promise<readonly Known<Type>[]> {
    const key = `${name} ${type}`;
    const nowMs = this.#options.clock.monotonicMs();
    const kept = this.#cache.get(key, nowMs);
    const ask = (shared: AbortSignal): Promise<Answer> => this.#ask(name, type, shared);
    const answer = kept?.answer ?? (await this.#asking.join(key, ask, signal));
    if (answer.length === 0) throw notFound(name);
    const age = kept?.age ?? 0;
    const aged = answer.map((each) =>
      Object.assign({}, each, { ttlSeconds: Math.max(0, each.ttlSeconds - age) }),
    );
    // What is kept under this key is of this type.
    return aged as unknown as readonly Known<Type>[];
  }

  /** Asks servers, for each alias anew where they do not follow it themselves. */
  async #ask(name: string, type: RecordType, signal: AbortSignal): Promise<Answer> {
    const servers = this.#servers;
    let asked = name;
    let aliasTtl = Infinity;
    for (let count = 0; count <= maxAliases; count += 1) {
      const question = { name: asked, type: recordType[type], class: internetClass };
      const reply = await this.#exchange.ask(servers, question, signal);
      const { answer, alias, ttlSeconds } = read(reply, asked, type);
      aliasTtl = Math.min(aliasTtl, ttlSeconds);
      if (answer.length > 0 || alias === undefined || isNoSuchName(reply)) {
        if (servers === this.#servers && !this.#isClosed) {
          this.#cache.set(`${name} ${type}`, answer, aliasTtl, this.#options.clock.monotonicMs());
        }
        return answer;
      }
      if (!isName(alias)) break;
      asked = alias;
    }
    const message = `Cannot resolve ${name}: its aliases lead nowhere`;
    throw new ResolverError("server-failure", message);
  }

  #checkOpen(name: string): void {
    if (!this.#isClosed) return;
    throw new ResolverError("closed", `Cannot resolve ${name}: the resolver was disposed`);
  }
}

/**
 * Reads what a reply says of a name: its records, after the aliases that it gives, the last of
 * those, and how long all that may be kept.
 */
function read(
  { packet, message }: Reply,
  name: string,
  type: RecordType,
): {
  readonly answer: Answer;
  readonly alias: string | undefined;
  readonly ttlSeconds: number;
} {
  let alias: string | undefined;
  let ttlSeconds = Infinity;
  // An alias that is asked for is an answer.
  const aliasCount = type === "CNAME" ? 0 : maxAliases;
  for (let count = 0; count < aliasCount; count += 1) {
    const record = packet.answers.find((each) => isOf(each, alias ?? name, "CNAME"));
    const target = record && decodeData("CNAME", record, message)?.target;
    if (record === undefined || target === undefined) break;
    alias = target;
    ttlSeconds = Math.min(ttlSeconds, lifetimeOf(record));
  }
  const answer = packet.answers.flatMap((record) => {
    const data = isOf(record, alias ?? name, type) ? decodeData(type, record, message) : undefined;
    return data === undefined ? [] : [{ ...data, ttlSeconds: lifetimeOf(record) }];
  });
  const last =
    answer.length === 0
      ? negativeTtlSeconds(packet.authorities)
      : Math.min(...answer.map((each) => each.ttlSeconds));
  return { answer, alias, ttlSeconds: Math.min(ttlSeconds, last) };
}

function isOf(record: DnsRecord, name: string, type: RecordType): boolean {
  return record.name === name && record.type === recordType[type] && record.class === internetClass;
}

/** A time with the highest bit set counts as none (RFC 2181, 8). */
function lifetimeOf({ ttlSeconds }: DnsRecord): number {
  return ttlSeconds > 0x7fff_ffff ? 0 : ttlSeconds;
}

function isNoSuchName({ packet }: Reply): boolean {
  return (packet.flags & flag.responseCode) === responseCode.noSuchName;
}

function ofFamily(
  addresses: readonly string[],
  family: 4 | 6 | undefined,
  name: string,
): readonly string[] {
  const fitting = addresses.filter(
    (address) => family === undefined || address.includes(":") === (family === 6),
  );
  if (fitting.length === 0) throw notFound(name);
  return fitting;
}

/** A name as it is asked for: in lower case, without a dot at the end. */
function whole(name: string): string {
  return (name.endsWith(".") ? name.slice(0, -1) : name).toLowerCase();
}

function checkName(name: string): void {
  if (isName(name)) return;
  throw new ResolverError("invalid-name", `Cannot resolve ${JSON.stringify(name)}: not a name`);
}

function notFound(name: string): ResolverError {
  return new ResolverError("not-found", `Cannot resolve ${name}: there is no such record`);
}

function hasCode(error: unknown, code: ResolverErrorCode): boolean {
  return error instanceof ResolverError && error.code === code;
}
