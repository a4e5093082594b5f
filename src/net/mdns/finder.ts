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
const otherVersionMs = 100;

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
    const found = (): readonly MdnsRecord[] =>
      types.flatMap((type) => this.#querier.records(whole, type));
    if (found().length === 0) {
      await this.#waitFor(whole, types, () => found().length > 0, timeoutMs, signal);
    }
    return found();
  }

  /** Asks for records until there are some. */
  async #waitFor(
    name: string,
    types: readonly number[],
    isFound: () => boolean,
    timeoutMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const stops = types.map((type) => this.#querier.watch(name, type));
    try {
      await new Promise<void>((resolve, reject) => {
        const late = this.#timers.timer(() => {
          if (isFound()) resolve();
          else reject(new ResolverError("not-found", `Cannot find ${name}: nobody answers`));
        });
        late.set(this.#timers.nowMs() + timeoutMs);
        const abort = (): void => reject(signal?.reason);
        const close = (): void => {
          reject(new ResolverError("closed", `Cannot find ${name}: mDNS was disposed`));
        };
        // Addresses of the other version may come in a message of their own.
        const heed = (): void => {
          const soonMs = this.#timers.nowMs() + (types.length > 1 ? otherVersionMs : 0);
          if (isFound() && soonMs < late.deadlineMs) late.set(soonMs);
        };
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
