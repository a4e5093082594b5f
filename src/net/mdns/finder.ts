import { ResolverError } from "../../devices/index.ts";
import type { Timers } from "../timers.ts";
import type { MdnsRecord } from "./packet.ts";
import type { Querier } from "./querier.ts";
import { nameOfLink } from "./service.ts";

/** How long something is looked for. */
export interface FindOptions {
  /** 3,000 by default. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** How long addresses of the other version of IP are waited for. */
const otherVersionMs = 200;

/** Finds what is asked for once. */
export class Finder {
  readonly #querier: Querier;
  readonly #timers: Timers;
  readonly #closes = new Set<() => void>();

  constructor(querier: Querier, timers: Timers) {
    this.#querier = querier;
    this.#timers = timers;
  }

  /** Ends all that is looked for. */
  end(): void {
    for (const close of this.#closes) close();
  }

  /**
   * Finds records of these types at a name of the link, those that are known at once.
   *
   * @throws as {@link Mdns.records}
   */
  async find(
    name: string,
    types: readonly number[],
    { timeoutMs = 3000, signal }: FindOptions,
  ): Promise<readonly MdnsRecord[]> {
    signal?.throwIfAborted();
    const whole = nameOfLink(name);
    const known = (): readonly (readonly MdnsRecord[])[] =>
      types.map((type) => this.#querier.records(whole, type));
    if (!known().every(({ length }) => length > 0)) {
      await this.#waitFor(whole, types, known, timeoutMs, signal);
    }
    return known().flat();
  }

  /** Asks for records until there are some of all types, or of one and no more for a moment. */
  async #waitFor(
    name: string,
    types: readonly number[],
    known: () => readonly (readonly MdnsRecord[])[],
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const isFound = ({ length }: readonly MdnsRecord[]): boolean => length > 0;
    const stops = types.map((type) => this.#querier.watch(name, type, true));
    try {
      await new Promise<void>((resolve, reject) => {
        const late = this.#timers.timer(() => {
          if (known().some(isFound)) resolve();
          else reject(new ResolverError("not-found", `Cannot find ${name}: nobody answers`));
        });
        late.set(this.#timers.nowMs() + timeoutMs);
        const abort = (): void => reject(signal?.reason);
        const close = (): void => {
          reject(new ResolverError("closed", `Cannot find ${name}: mDNS was disposed`));
        };
        // Addresses of the other version may come in a message of their own.
        const heed = (): void => {
          const soonMs = this.#timers.nowMs() + otherVersionMs;
          if (known().every(isFound)) resolve();
          else if (known().some(isFound) && soonMs < late.deadlineMs) late.set(soonMs);
        };
        heed();
        signal?.addEventListener("abort", abort);
        this.#closes.add(close);
        stops.push(
          this.#querier.onChange(heed),
          () => late.clear(),
          () => signal?.removeEventListener("abort", abort),
          () => this.#closes.delete(close),
        );
      });
    } finally {
      for (const stop of stops) stop();
    }
  }
}
