/** Socket options as {@link TcpOptions}. */

import type { TcpOptions } from "../../src/devices/index.ts";
import type { Expression, Script } from "./script.ts";
import { sumOfIntegers, wordsOf } from "./values.ts";
import { Unsupported } from "./verdict.ts";

/** What a script has said of a socket. */
export interface SocketOptions extends Omit<TcpOptions, "keepAliveMs"> {
  readonly isKeptAlive?: boolean;
  readonly keepIdleMs?: number;
  /** `SO_LINGER` with no time: closing is an abort. */
  readonly isAbortedOnClose?: boolean;
}

/** The idle time of RFC 1122, 4.2.3.6. */
const defaultKeepIdleMs = 7_200_000;

/**
 * The options that `setsockopt(…, name, value, …)` stands for; none for what a stack of our kind
 * need not know.
 *
 * @throws {Unsupported}
 */
export function readOption(name: string, value: Expression | undefined): SocketOptions {
  const number = sumOfIntegers(value);
  switch (name) {
    case "SO_REUSEADDR":
    case "SO_REUSEPORT":
      return {};
    case "SO_KEEPALIVE":
      return { isKeptAlive: number !== 0 };
    case "SO_RCVBUF":
      return { receiveBufferBytes: number };
    case "SO_SNDBUF":
      return { sendBufferBytes: number };
    case "SO_LINGER":
      return { isAbortedOnClose: isZeroLinger(value) };
    case "IP_TTL":
    case "IPV6_UNICAST_HOPS":
      return { timeToLive: number };
    case "IP_TOS":
    case "IPV6_TCLASS":
      return { trafficClass: number };
    case "TCP_NODELAY":
      return { noDelay: number !== 0 };
    case "TCP_KEEPIDLE":
      return { keepIdleMs: number * 1000 };
    case "TCP_USER_TIMEOUT":
      return { userTimeoutMs: number };
    case "TCP_KEEPINIT":
      return { userTimeoutMs: number * 1000 };
    default:
      throw new Unsupported(`setsockopt ${name}`);
  }
}

/**
 * The options that a script sets anywhere. Ours must be known when a connection is made, so they
 * hold from there on; where that would differ, {@link Sockets} refuses.
 */
export function laterOptions(script: Script): SocketOptions {
  const options: SocketOptions = {};
  for (const { action } of script.events) {
    if (action.kind !== "call" || action.name !== "setsockopt") continue;
    const [name = ""] = wordsOf(action.args[2]);
    try {
      Object.assign(options, readOption(name, action.args[3]));
    } catch (error) {
      // The call itself will say so.
      if (!(error instanceof Unsupported)) throw error;
    }
  }
  const { isAbortedOnClose: _, ...later } = options;
  return later;
}

/** The options that {@link Tcp} takes. An idle time alone counts too: some stacks probe always. */
export function tcpOptions(options: SocketOptions): TcpOptions {
  const { isKeptAlive, keepIdleMs, isAbortedOnClose: _, ...rest } = options;
  const isOn = isKeptAlive ?? keepIdleMs !== undefined;
  return isOn ? { ...rest, keepAliveMs: keepIdleMs ?? defaultKeepIdleMs } : rest;
}

function isZeroLinger(value: Expression | undefined): boolean {
  if (value?.kind !== "struct") return false;
  const fields = new Map(
    value.items.map((item) => (item.kind === "field" ? [item.name, item.value] : ["", item])),
  );
  return sumOfIntegers(fields.get("onoff")) === 1 && sumOfIntegers(fields.get("linger")) === 0;
}
