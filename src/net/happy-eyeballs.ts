/**
 * Happy Eyeballs, version 2 (RFC 8305): connects to a name by trying its addresses, one a little
 * after the other, IPv6 and IPv4 in turn, until one answers.
 */

import {
  ProtocolError,
  ResolverError,
  type Clock,
  type Resolver,
  type Tcp,
  type TcpFlow,
  type TcpOptions,
} from "../devices/index.ts";
import { timersOf, type Timer } from "./timers.ts";

/** What a connection by name is made with. */
export interface ConnectDevices {
  readonly resolver: Resolver;
  readonly tcp: Tcp;
  readonly clock: Clock;
}

type Options = TcpOptions & { readonly signal?: AbortSignal };
type Family = 4 | 6;

/** How long an IPv4 address waits for the IPv6 ones to be found (RFC 8305, 3). */
const resolutionDelayMs = 50;

/** How long an attempt may take before the next begins beside it (RFC 8305, 5). */
const attemptDelayMs = 250;

/**
 * Connects to `host`, an address or a name. The first connection wins; all else is given up.
 *
 * @throws {ProtocolError} as {@link Tcp.connect}, for the last address tried that we have a route to
 * @throws {ResolverError} as {@link Resolver.resolve}, if there was no address to try
 * @throws the signal's reason, when it aborts before
 * @throws {RangeError} if `port` is not a whole number 0–65535
 */
export async function connectByName(
  devices: ConnectDevices,
  host: string,
  port: number,
  options: Options = {},
): Promise<TcpFlow> {
  options.signal?.throwIfAborted();
  return new Race(devices, host, port, options).result;
}

/** One connection being made. */
class Race {
  readonly result: Promise<TcpFlow>;
  readonly #devices: ConnectDevices;
  readonly #port: number;
  readonly #options: Options;
  /** Ends everything else once the result is known. */
  readonly #controller = new AbortController();
  readonly #timer: Timer;
  /** Families that are still looked for, and the addresses that wait for their turn. */
  readonly #sought = new Set<Family>([6, 4]);
  readonly #waiting: Readonly<Record<Family, string[]>> = { 6: [], 4: [] };
  #nextFamily: Family = 6;
  #attemptCount = 0;
  #pendingCount = 0;
  #failure: unknown;
  #isOver = false;
  #resolve: (flow: TcpFlow) => void = () => {};
  #reject: (reason: unknown) => void = () => {};

  constructor(devices: ConnectDevices, host: string, port: number, options: Options) {
    this.#devices = devices;
    this.#port = port;
    this.#options = options;
    this.#timer = timersOf(devices.clock).timer(() => this.#attempt());
    this.result = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    options.signal?.addEventListener("abort", this.#abort);
    for (const family of this.#sought) void this.#find(host, family);
  }

  async #find(host: string, family: Family): Promise<void> {
    const { signal } = this.#controller;
    try {
      const addresses = await this.#devices.resolver.resolve(host, { family, signal });
      this.#waiting[family].push(...addresses);
    } catch (error) {
      this.#note(error);
    }
    this.#sought.delete(family);
    if (this.#isOver) return;
    if (this.#attemptCount === 0) {
      // Only an IPv4 address that is found first waits.
      if (family === 4 && this.#sought.has(6)) this.#wait(resolutionDelayMs);
      else this.#attempt();
    } else if (this.#timer.deadlineMs === Infinity) this.#attempt();
  }

  /** Tries the next address; the families take turns. */
  #attempt(): void {
    const address =
      this.#waiting[this.#nextFamily].shift() ?? this.#waiting[otherThan(this.#nextFamily)].shift();
    if (address === undefined) {
      this.#endIfNothingIsLeft();
      return;
    }
    this.#nextFamily = address.includes(":") ? 4 : 6;
    this.#attemptCount += 1;
    this.#pendingCount += 1;
    this.#wait(attemptDelayMs);
    void this.#connect(address);
  }

  async #connect(address: string): Promise<void> {
    const { signal } = this.#controller;
    try {
      const endpoint = { address, port: this.#port };
      const flow = await this.#devices.tcp.connect(endpoint, { ...this.#options, signal });
      if (this.#isOver) flow.abort();
      else this.#end(() => this.#resolve(flow));
    } catch (error) {
      this.#pendingCount -= 1;
      this.#note(error);
      if (!this.#isOver) this.#attempt();
    }
  }

  #endIfNothingIsLeft(): void {
    if (this.#pendingCount > 0 || this.#sought.size > 0) return;
    this.#end(() => this.#reject(this.#failure));
  }

  /** Keeps the error that says most. */
  #note(error: unknown): void {
    if (weight(error) >= weight(this.#failure)) this.#failure = error;
  }

  #wait(delayMs: number): void {
    this.#timer.set(timersOf(this.#devices.clock).nowMs() + delayMs);
  }

  readonly #abort = (): void => {
    this.#end(() => this.#reject(this.#options.signal?.reason));
  };

  #end(settle: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#timer.clear();
    this.#options.signal?.removeEventListener("abort", this.#abort);
    settle();
    this.#controller.abort();
  }
}

function otherThan(family: Family): Family {
  return family === 6 ? 4 : 6;
}

/** That one family is not there says less than what happened in the other. */
function weight(error: unknown): number {
  if (error === undefined) return 0;
  if (error instanceof ResolverError) return error.code === "not-found" ? 1 : 2;
  return error instanceof ProtocolError && error.code === "no-route" ? 3 : 4;
}
