/** The system's errors in the words of the signatures, and waiting that a signal ends. */

import { isIP } from "node:net";
import type { FlowErrorCode, ProtocolErrorCode } from "../devices/errors.ts";
import { FlowError, ProtocolError } from "../devices/errors.ts";

const protocolCodes: Readonly<Record<string, ProtocolErrorCode>> = {
  ECONNREFUSED: "refused",
  ECONNRESET: "refused",
  ETIMEDOUT: "timed-out",
  EHOSTUNREACH: "unreachable",
  ENETUNREACH: "unreachable",
  EHOSTDOWN: "unreachable",
  EADDRNOTAVAIL: "no-route",
  EAFNOSUPPORT: "no-route",
  EINVAL: "no-route",
  EADDRINUSE: "address-in-use",
  // A port that only the superuser may have.
  EACCES: "address-in-use",
};

/** Makes an error of a protocol out of one of the system's. */
export function protocolErrorOf(cannot: string, error: unknown): ProtocolError {
  // Of several attempts the last one counts.
  const last = error instanceof AggregateError ? (error.errors.at(-1) as unknown) : error;
  const { code = "", message } = last as NodeJS.ErrnoException;
  return new ProtocolError(protocolCodes[code] ?? "no-buffer", `${cannot}: ${message}`, {
    cause: error,
  });
}

const flowCodes: Readonly<Record<string, FlowErrorCode>> = {
  ETIMEDOUT: "timed-out",
  EHOSTUNREACH: "timed-out",
  ENETUNREACH: "timed-out",
};

/** Makes an error of a flow out of one of the system's. */
export function flowErrorOf(error: NodeJS.ErrnoException): FlowError {
  const code = flowCodes[error.code ?? ""] ?? "reset";
  return new FlowError(code, `The connection was lost: ${error.message}`, { cause: error });
}

/** @throws {RangeError} unless `port` is a whole number 0–65535 */
export function checkPort(port: number): void {
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return;
  throw new RangeError(`Cannot use ${port} as a port: it is no whole number from 0 to 65535`);
}

/**
 * Tells the family of an address.
 *
 * @throws {TypeError} if the text is none
 */
export function familyOf(address: string): 4 | 6 {
  const family = isIP(address);
  if (family === 4 || family === 6) return family;
  throw new TypeError(`Cannot use "${address}" as an address: it is neither of IPv4 nor of IPv6`);
}

/** Settles as `work` does, or rejects with the signal's reason if that aborts before. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener("abort", abort);
    work.then(resolve, reject).finally(() => signal.removeEventListener("abort", abort));
  });
}
