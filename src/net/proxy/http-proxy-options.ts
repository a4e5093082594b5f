/** What an HTTP proxy is told, and what it is when it is told nothing else. */

import type { Clock, Endpoint, Random, Stack } from "../../devices/index.ts";
import type { BackendAddress, BackendPolicy, HealthChecks } from "./backends.ts";
import type { ProxyFieldsOptions } from "./proxy-fields.ts";

/** How an HTTP proxy is made. */
export interface HttpProxyOptions
  extends Partial<Omit<ProxyFieldsOptions, "trusts">>, Partial<HttpProxyLimits> {
  /** Where servers are reached. */
  readonly stack: Pick<Stack, "connect">;
  readonly clock: Clock;
  readonly random: Random;
  /** The servers, by name or address. */
  readonly backends: readonly BackendAddress[];
  /** `round-robin` by default. */
  readonly policy?: BackendPolicy;
  readonly checks?: HttpChecks;
  /** Whether what a client says of those behind it is passed on; nobody is trusted by default. */
  readonly trusts?: (client: Endpoint) => boolean;
}

/** How servers are asked whether they serve. */
export interface HttpChecks extends HealthChecks {
  /** What is asked for by GET; `/` by default. */
  readonly path?: string;
  /** Whether a status is one of a server that serves; 200–399 by default. */
  readonly isHealthy?: (status: number) => boolean;
}

/** How much a proxy takes on, and how long it waits. */
export interface HttpProxyLimits {
  /** Requests at a time; more are answered 503. 1,024 by default. */
  readonly maxRequests: number;
  /** Connections to one server at a time; what is more waits. 128 by default. */
  readonly maxConnections: number;
  /** Servers that are asked for one request; 3 by default. */
  readonly maxAttempts: number;
  /** Bytes of a body that are kept, so that it can be sent to another server; 65,536 by default. */
  readonly keptBytes: number;
  /** How long a connection may take, in milliseconds; 5,000 by default. */
  readonly connectMs: number;
  /** How long the head of an answer may take, in milliseconds; 60,000 by default. */
  readonly headMs: number;
  /** The longest silence of a server within a body, in milliseconds; 60,000 by default. */
  readonly bodyMs: number;
  /** The longest silence of a connection that was upgraded, in milliseconds; 300,000 by default. */
  readonly upgradeIdleMs: number;
}

/** What a proxy does when nobody says otherwise. */
export const defaultHttpProxyLimits: HttpProxyLimits = {
  maxRequests: 1024,
  maxConnections: 128,
  maxAttempts: 3,
  keptBytes: 65_536,
  connectMs: 5000,
  headMs: 60_000,
  bodyMs: 60_000,
  upgradeIdleMs: 300_000,
};
