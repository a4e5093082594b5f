import { ResolverError } from "../../devices/index.ts";
import type {
  Clock,
  Device,
  Endpoint,
  Random,
  RecordLifetime,
  ResourceRecords,
  Stack,
} from "../../devices/index.ts";
import { formatAddress } from "../address.ts";
import { below, labelsOf } from "../dns/domain.ts";
import { recordType } from "../dns/packet.ts";
import { decodeData } from "../dns/record-data.ts";
import { namesIn } from "../dns/record-fields.ts";
import { timersOf, type Timers } from "../timers.ts";
import { Browser, type ServiceChange } from "./browser.ts";
import { Claim } from "./claim.ts";
import { Finder, type FindOptions } from "./finder.ts";
import { holdingOfHost, holdingOfService } from "./holding.ts";
import { Link } from "./link.ts";
import type { MdnsMessage, MdnsRecord } from "./packet.ts";
import { Querier } from "./querier.ts";
import { Responder } from "./responder.ts";
import {
  domain,
  encodeTexts,
  hostName,
  instanceName,
  nextHost,
  nextTitle,
  titleOf,
  typeName,
  typesName,
  type Service,
} from "./service.ts";

/** What multicast DNS stands on. */
export interface MdnsOptions {
  /** Its UDP, and its addresses, which others are told; a stack of frames (`genericStack()`). */
  readonly stack: Pick<Stack, "udp" | "addresses" | "onAddressesChange">;
  readonly clock: Clock;
  readonly random: Random;
  /** The first label of our name: letters, digits and `-`. Without it we only look. */
  readonly hostName?: string;
}

/** A service that we offer. Disposing it tells others that it is gone. */
export interface Publication extends AsyncDisposable {
  /** What people call it: another than was wanted, if somebody had that. */
  readonly name: string;
}

/** Names and services of the link, without a server. */
export interface Mdns extends Device {
  /** Our name, such as `host.local`, once it is ours: another than was wanted, if it was taken. */
  readonly hostName: string | undefined;

  /**
   * Offers a service on this host, and resolves when its name is ours and was announced.
   *
   * @throws {TypeError} if it has no name, type or texts as services have, or we have no name
   * @throws {ResolverError} `closed`
   * @throws the signal's reason, when it aborts before; the service is then not offered
   */
  publish(service: Service, signal?: AbortSignal): Promise<Publication>;

  /**
   * Tells of each service of a type (`_http._tcp`, or finer `_printer._sub._http._tcp`) that is
   * there, comes, changes or goes. Returns the function that stops it.
   *
   * @throws {TypeError} if it is no type
   */
  browse(type: string, listener: (change: ServiceChange) => void): () => void;

  /** Tells of each type of services that is new on the link. Returns the function that stops it. */
  browseTypes(listener: (type: string) => void): () => void;

  /**
   * Finds the addresses of a host such as `host.local`, at least one.
   *
   * @throws {ResolverError} `not-found` if nobody answers within `timeoutMs` (3,000 by default),
   *   `closed`
   * @throws {TypeError} if it is no name of the link
   * @throws the signal's reason, when it aborts
   */
  resolve(name: string, options?: FindOptions): Promise<readonly string[]>;

  /**
   * Finds the records of one type at a name of the link, at least one.
   *
   * @throws {ResolverError} as {@link Mdns.resolve}
   * @throws {TypeError} if it is no name of the link
   * @throws the signal's reason, when it aborts
   */
  records<Type extends keyof ResourceRecords>(
    name: string,
    type: Type,
    options?: FindOptions,
  ): Promise<readonly (ResourceRecords[Type] & RecordLifetime)[]>;
}

/**
 * Joins the link. The stack stays the caller's.
 *
 * @throws {ProtocolError} `address-in-use` if somebody has the port, `closed`
 * @throws {TypeError} if the name is none that a host can have
 */
export function connect(options: MdnsOptions): Mdns {
  return new MulticastDns(options);
}

class MulticastDns implements Mdns {
  readonly counters: Record<string, number> = {};
  readonly #options: MdnsOptions;
  readonly #timers: Timers;
  readonly #link: Link;
  readonly #responder: Responder;
  readonly #querier: Querier;
  readonly #finder: Finder;
  readonly #host: Claim | undefined;
  readonly #services = new Map<Claim, (error: unknown) => void>();
  readonly #stopAddresses: () => void;
  readonly #browsers = new Set<() => void>();
  #addresses: readonly string[] = [];
  #isClosed = false;

  constructor(options: MdnsOptions) {
    const { stack, clock, random, hostName: label } = options;
    const name = label === undefined ? undefined : hostName(label);
    this.#options = options;
    this.#timers = timersOf(clock);
    this.#link = new Link(stack, (message, from) => this.#hear(message, from));
    this.#responder = new Responder(this.#link, this.#timers, random);
    this.#querier = new Querier(this.#link, this.#timers, random);
    this.#finder = new Finder(this.#querier, this.#timers);
    // Live, and by one name each.
    this.counters = Object.defineProperties(
      {},
      Object.fromEntries(
        [this.#link, this.#responder, this.#querier].flatMap(({ counters }) =>
          Object.keys(counters).map((key) => [
            key,
            { enumerable: true, get: () => (counters as Record<string, number>)[key] ?? 0 },
          ]),
        ),
      ),
    );
    this.#host = name === undefined ? undefined : this.#claimHost(name);
    this.#stopAddresses = stack.onAddressesChange(() => this.#readdress());
    this.#readdress();
  }

  get hostName(): string | undefined {
    return this.#host?.isHeld === true ? this.#host.name : undefined;
  }

  async publish(service: Service, signal?: AbortSignal): Promise<Publication> {
    signal?.throwIfAborted();
    this.#checkOpen();
    const host = this.#host;
    if (host === undefined) throw new TypeError("Cannot publish a service: this host has no name");
    const data = encodeTexts(service.texts ?? {});
    for (const subtype of service.subtypes ?? []) typeName(`${subtype}._sub.${service.type}`);
    const claim = this.#claim({
      name: instanceName(service.name, service.type),
      holding: (name) => holdingOfService(service, name, host.name, data),
      rename: (name) => instanceName(nextTitle(titleOf(name)), service.type),
      onHeld: () => this.#services.get(claim)?.(undefined),
    });
    this.#responder.add(claim);
    const withdraw = (): void => {
      this.#services.delete(claim);
      this.#responder.remove(claim);
    };
    const abort = (): void => this.#services.get(claim)?.(signal?.reason);
    try {
      await new Promise<void>((resolve, reject) => {
        this.#services.set(claim, (error) => (error === undefined ? resolve() : reject(error)));
        signal?.addEventListener("abort", abort);
        if (host.isHeld) claim.start();
      });
    } catch (error) {
      withdraw();
      throw error;
    } finally {
      signal?.removeEventListener("abort", abort);
    }
    return {
      get name() {
        return titleOf(claim.name);
      },
      async [Symbol.asyncDispose]() {
        withdraw();
      },
    };
  }

  browse(type: string, listener: (change: ServiceChange) => void): () => void {
    const browser = new Browser(this.#querier, typeName(type), type, listener);
    return this.#until(() => browser.stop());
  }

  browseTypes(listener: (type: string) => void): () => void {
    const told = new Set<string>();
    const tell = (): void => {
      for (const name of this.#querier.records(typesName, recordType.PTR).flatMap(namesIn)) {
        const type = labelsOf(name).slice(0, 2).join(".");
        if (!told.has(type)) listener(type);
        told.add(type);
      }
    };
    const stops = [
      this.#querier.onChange(tell),
      this.#querier.watch(typesName, recordType.PTR),
    ] as const;
    tell();
    return this.#until(() => {
      for (const stop of stops) stop();
    });
  }

  async resolve(name: string, options: FindOptions = {}): Promise<readonly string[]> {
    const records = await this.#find(name, [recordType.AAAA, recordType.A], options);
    return records.map(({ data }) => formatAddress(data));
  }

  async records<Type extends keyof ResourceRecords>(
    name: string,
    type: Type,
    options: FindOptions = {},
  ): Promise<readonly (ResourceRecords[Type] & RecordLifetime)[]> {
    const records = await this.#find(name, [recordType[type]], options);
    return records.flatMap((record) => {
      const { ttlSeconds } = record;
      // Its data has no pointers, and so is a message of its own.
      const data = decodeData(type, record, record.data);
      return data === undefined ? [] : [{ ...data, ttlSeconds }];
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#stopAddresses();
    for (const stop of this.#browsers) stop();
    this.#finder.end();
    this.#querier.end();
    this.#responder.end();
    const error = new ResolverError("closed", "Cannot publish a service: mDNS was disposed");
    for (const settle of this.#services.values()) settle(error);
    await this.#link.dispose();
  }

  async #find(
    name: string,
    types: readonly number[],
    options: FindOptions,
  ): Promise<readonly MdnsRecord[]> {
    options.signal?.throwIfAborted();
    this.#checkOpen();
    return this.#finder.find(name, types, options);
  }

  /** Calls `stop` once: when the function that it returns is called, or at the end. */
  #until(stop: () => void): () => void {
    this.#browsers.add(stop);
    return () => {
      if (this.#browsers.delete(stop)) stop();
    };
  }

  #hear(message: MdnsMessage, from: Endpoint | undefined): void {
    this.#responder.hear(message, from);
    this.#querier.hear(message);
  }

  #claimHost(name: string): Claim {
    const claim = this.#claim({
      name,
      holding: (name) => holdingOfHost(name, this.#addresses),
      rename: (name) => below(nextHost(labelsOf(name)[0] ?? ""), domain),
      onHeld: () => {
        // Services say where they are: here.
        for (const service of this.#services.keys()) {
          if (service.isHeld) service.announceAgain();
          else service.start();
        }
      },
    });
    this.#responder.add(claim);
    return claim;
  }

  #claim(
    about: Pick<ConstructorParameters<typeof Claim>[0], "name" | "holding" | "rename" | "onHeld">,
  ): Claim {
    return new Claim({
      ...about,
      probe: (name, records) => this.#responder.probe(name, records),
      announce: (records) => this.#responder.send(records),
      timers: this.#timers,
      random: this.#options.random,
    });
  }

  /** Takes over the stack's addresses: the first let us begin, others are announced. */
  #readdress(): void {
    const isFirst = this.#addresses.length === 0;
    this.#addresses = this.#options.stack.addresses.filter(
      (address) => !/^(?:127\.|::1\/)/.test(address),
    );
    if (this.#addresses.length === 0) return;
    if (isFirst) this.#host?.start();
    else this.#host?.announceAgain();
  }

  #checkOpen(): void {
    if (this.#isClosed) throw new ResolverError("closed", "Cannot use mDNS: it was disposed");
  }
}
