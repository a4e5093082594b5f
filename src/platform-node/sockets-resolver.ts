/** Names by the system: addresses as every program here finds them, records from the servers. */

import { promises as dns } from "node:dns";
import { isIP } from "node:net";
import type { ResolverErrorCode } from "../devices/errors.ts";
import { ResolverError } from "../devices/errors.ts";
import type { RecordLifetime, Resolver, ResourceRecords } from "../devices/index.ts";
import { untilAborted } from "./sockets-errors.ts";

type Type = keyof ResourceRecords;
type Found<T extends Type> = readonly (ResourceRecords[T] & RecordLifetime)[];

const codes: Readonly<Record<string, ResolverErrorCode>> = {
  ENOTFOUND: "not-found",
  ENODATA: "not-found",
  ETIMEOUT: "timed-out",
  ETIMEDOUT: "timed-out",
  EBADNAME: "invalid-name",
  ECONNREFUSED: "no-servers",
  ECANCELLED: "closed",
};

/**
 * How each type is asked for. Node tells the lifetimes of addresses alone; all else is for now only.
 */
const queries: {
  readonly [T in Type]: (resolver: dns.Resolver, name: string) => Promise<Found<T>>;
} = {
  A: async (resolver, name) =>
    (await resolver.resolve4(name, { ttl: true })).map(withLifetimeOfAddress),
  AAAA: async (resolver, name) =>
    (await resolver.resolve6(name, { ttl: true })).map(withLifetimeOfAddress),
  CNAME: async (resolver, name) => (await resolver.resolveCname(name)).map(withTarget),
  NS: async (resolver, name) => (await resolver.resolveNs(name)).map(withTarget),
  PTR: async (resolver, name) => (await resolver.resolvePtr(name)).map(withTarget),
  MX: async (resolver, name) =>
    (await resolver.resolveMx(name)).map(({ priority, exchange }) => ({
      preference: priority,
      target: exchange,
      ttlSeconds: 0,
    })),
  TXT: async (resolver, name) =>
    (await resolver.resolveTxt(name)).map((texts) => ({
      texts: texts.map((text) => Uint8Array.from(text, (byte) => byte.charCodeAt(0))),
      ttlSeconds: 0,
    })),
  SRV: async (resolver, name) =>
    (await resolver.resolveSrv(name)).map(({ name: target, priority, weight, port }) => ({
      priority,
      weight,
      port,
      target,
      ttlSeconds: 0,
    })),
};

/** Names and records. */
export class SystemResolver implements Resolver {
  readonly counters = { queries: 0, failures: 0 };
  readonly #resolver = new dns.Resolver();
  #isClosed = false;

  /** @param servers whom to ask for records, with ports if need be; the system's by default */
  constructor(servers: readonly string[] | undefined) {
    if (servers !== undefined) this.#resolver.setServers(servers);
  }

  async resolve(
    name: string,
    options: { readonly family?: 4 | 6; readonly signal?: AbortSignal } = {},
  ): Promise<readonly string[]> {
    const { family = 0, signal } = options;
    const literal = isIP(name);
    if (literal !== 0 && (family === 0 || family === literal)) return [name];
    const found = await this.#ask(name, signal, () =>
      dns.lookup(name, { all: true, family, verbatim: true }),
    );
    return found.map(({ address }) => address);
  }

  records<T extends Type>(name: string, type: T, signal?: AbortSignal): Promise<Found<T>> {
    return this.#ask(name, signal, () => queries[type](this.#resolver, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#resolver.cancel();
  }

  async #ask<T>(
    name: string,
    signal: AbortSignal | undefined,
    query: () => Promise<T>,
  ): Promise<T> {
    const cannot = `Cannot resolve "${name}"`;
    if (this.#isClosed) throw new ResolverError("closed", `${cannot}: the stack was disposed`);
    if (!isName(name)) throw new ResolverError("invalid-name", `${cannot}: it is no name`);
    signal?.throwIfAborted();
    this.counters.queries++;
    try {
      return await untilAborted(query(), signal);
    } catch (error) {
      signal?.throwIfAborted();
      this.counters.failures++;
      const { code = "", message } = error as NodeJS.ErrnoException;
      throw new ResolverError(codes[code] ?? "server-failure", `${cannot}: ${message}`, {
        cause: error,
      });
    }
  }
}

/** Labels of 1–63 bytes, 253 in all (RFC 1035, 2.3.4); the last dot may be there. */
function isName(name: string): boolean {
  return name.length <= 254 && /^(?:[^\s.]{1,63}\.)*[^\s.]{1,63}\.?$/.test(name);
}

function withTarget(target: string): { target: string } & RecordLifetime {
  return { target, ttlSeconds: 0 };
}

function withLifetimeOfAddress({
  address,
  ttl,
}: {
  address: string;
  ttl: number;
}): ResourceRecords["A"] & RecordLifetime {
  return { address, ttlSeconds: ttl };
}
