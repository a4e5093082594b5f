import { SimulatedClock, type SimulatedClockOptions } from "./clock.ts";
import { Hash } from "./hash.ts";
import { SimulatedRandom } from "./random.ts";
import { Timeline } from "./timeline.ts";

/** How a {@link Simulation} is set up. */
export interface SimulationOptions extends SimulatedClockOptions {
  /** What every random choice follows from: a safe integer. */
  readonly seed: number;

  /**
   * Resolves in a later macrotask of the host, when all microtasks have run: a turn of
   * `setImmediate` or of a `MessageChannel`. So the simulation knows that all code waits.
   */
  readonly turn: () => Promise<void>;

  /** Gets each line of the trace, with its virtual time. */
  readonly log?: (line: string) => void;
}

/** A run did not end well. The message names the seed that repeats it; `cause` is what it threw. */
export class SimulationError extends Error {
  override readonly name = "SimulationError";
  readonly seed: number;

  constructor(message: string, seed: number, options?: ErrorOptions) {
    super(message, options);
    this.seed = seed;
  }
}

/**
 * A world of its own: one virtual time and one seed for all its devices. Two simulations with the
 * same seed and the same code do the same, byte for byte; {@link Simulation.traceHash} proves it.
 */
export class Simulation {
  readonly seed: number;
  /** Where devices plan what happens when. Time passes only in {@link Simulation.run}. */
  readonly timeline: Timeline = new Timeline();
  /** A clock of this world, never disposed. Make others with `new SimulatedClock(timeline)`. */
  readonly clock: SimulatedClock;
  readonly #turn: () => Promise<void>;
  readonly #log: ((line: string) => void) | undefined;
  readonly #hash = new Hash();
  readonly #nameCounts = new Map<string, number>();
  readonly #waits = new Set<{ readonly what: string }>();
  readonly #outside = new Set<Promise<unknown>>();
  #isRunning = false;

  constructor(options: SimulationOptions) {
    if (!Number.isSafeInteger(options.seed)) {
      throw new RangeError(`Cannot simulate with seed ${options.seed}: not a safe integer`);
    }
    this.seed = options.seed;
    this.clock = new SimulatedClock(this.timeline, options);
    this.#turn = options.turn;
    this.#log = options.log;
  }

  /** A hash of everything that devices did so far: equal for equal runs. */
  get traceHash(): string {
    return this.#hash.toString();
  }

  /** The stream of random bytes called `name`: always the same one, independent of all others. */
  random(name: string): SimulatedRandom {
    return new SimulatedRandom(this.seed, name);
  }

  /** A name nobody has yet: `wire-1`, `wire-2` … For streams and traces of unnamed devices. */
  nameOf(kind: string): string {
    const count = (this.#nameCounts.get(kind) ?? 0) + 1;
    this.#nameCounts.set(kind, count);
    return `${kind}-${count}`;
  }

  /** Writes a line, and the bytes it is about, into the trace. */
  trace(line: string, ...buffers: readonly Uint8Array[]): void {
    const timed = `${this.#now()} ${line}`;
    this.#hash.addText(timed);
    for (const bytes of buffers) this.#hash.add(bytes);
    this.#log?.(timed);
  }

  /** Says what somebody waits for from now on, so that a deadlock can name it. Returns its end. */
  waitsFor(what: string): () => void {
    const wait = { what };
    this.#waits.add(wait);
    return () => void this.#waits.delete(wait);
  }

  /**
   * Lets virtual time stand still until `work` settles, which the simulation cannot see: an
   * `import()`, Web Crypto. Returns `work`. Two such at once may settle in either order.
   */
  outside<T>(work: Promise<T>): Promise<T> {
    const settled: Promise<unknown> = work.then(ignore, ignore);
    this.#outside.add(settled);
    void settled.then(() => this.#outside.delete(settled));
    return work;
  }

  /**
   * Runs `main` and drives all devices until it settles: whenever all code waits, time jumps to the
   * next event. What is still planned then stays planned, for a later run.
   *
   * @throws {SimulationError} if `main` rejects or an event throws (`cause`), if there is nothing
   *   left to wait for, or if virtual time reaches `untilMs`
   */
  async run<T>(main: () => Promise<T>, untilMs: number = Number.POSITIVE_INFINITY): Promise<T> {
    if (this.#isRunning) throw this.#error("Cannot run: this simulation is running already");
    this.#isRunning = true;
    try {
      return await this.#drive(main, untilMs);
    } catch (error) {
      throw error instanceof SimulationError ? error : this.#error(messageOf(error), error);
    } finally {
      this.#isRunning = false;
    }
  }

  async #drive<T>(main: () => Promise<T>, untilMs: number): Promise<T> {
    const result = main();
    let isSettled = false;
    const settle = (): void => void (isSettled = true);
    result.then(settle, settle);
    for (;;) {
      await this.#turn();
      if (isSettled) return result;
      if (this.#outside.size > 0) {
        await Promise.race(this.#outside);
        continue;
      }
      this.#checkNext(untilMs);
      this.timeline.advance();
    }
  }

  #checkNext(untilMs: number): void {
    const { nextNs } = this.timeline;
    if (nextNs === undefined)
      throw this.#error(`Deadlock: nothing left to wait for${this.#list()}`);
    if (nextNs / 1e6 > untilMs) throw this.#error(`Not done after ${untilMs} ms of virtual time`);
  }

  #list(): string {
    if (this.#waits.size === 0) return "";
    return `; still waiting: ${[...this.#waits].map(({ what }) => what).join(", ")}`;
  }

  #error(message: string, cause?: unknown): SimulationError {
    const where = `${message} (seed ${this.seed}, at ${this.#now()})`;
    return new SimulationError(where, this.seed, cause === undefined ? undefined : { cause });
  }

  #now(): string {
    return `${(this.timeline.nowNs / 1e6).toFixed(6)} ms`;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function ignore(): void {}
