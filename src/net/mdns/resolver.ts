import type { Resolver } from "../../devices/index.ts";
import { ResolverError } from "../../devices/index.ts";
import { isName } from "../dns/name.ts";
import type { Mdns } from "./mdns.ts";

/**
 * A resolver that finds names below `local` on the link (RFC 6762, 3), and all others as `resolver`
 * does. Both stay the caller's.
 */
export function withLinkNames(resolver: Resolver, mdns: Mdns): Resolver {
  return {
    counters: resolver.counters,
    async resolve(name, options = {}) {
      if (!isOfLink(name)) return resolver.resolve(name, options);
      const { family, signal } = options;
      const addresses = await mdns.resolve(name, { signal });
      const fitting = addresses.filter(
        (address) => family === undefined || address.includes(":") === (family === 6),
      );
      if (fitting.length > 0) return fitting;
      throw new ResolverError("not-found", `Cannot resolve ${name}: there is no such address`);
    },
    async records(name, type, signal) {
      if (!isOfLink(name)) return resolver.records(name, type, signal);
      return mdns.records(name, type, { signal });
    },
    async [Symbol.asyncDispose]() {},
  };
}

function isOfLink(name: string): boolean {
  return isName(name) && /\.local\.?$/i.test(name);
}
