/** The page's half of booting: one worker, from its start to its end. */

import "./polyfill.ts";
import type { Remote } from "comlink";
import { expose, wrap } from "comlink";
import type { Description } from "../config/graph.ts";
import type { Ending } from "./ending.ts";
import * as exitCodes from "./exit-codes.ts";
import { terminateAfterMs } from "./exit.ts";
import type { CounterTable, PageSide, RunReport, WorkerName, WorkerSide } from "./protocol.ts";

/** Where a machine is in its life. `failed`: it could not boot, or nobody caught its error. */
export type MachineStatus = "booting" | "running" | "exited" | "failed";

/**
 * A service of the page that a unikernel opens a port to; the port is *given*. Returns what to do
 * when the machine has ended.
 */
export type Service = (port: MessagePort, options: Readonly<Record<string, string>>) => () => void;

/** How to boot a machine. */
export interface MachineOptions {
  /** The worker's script: `unikernel.js` of a unikernel's page. */
  readonly url: URL;
  /** The unikernel's name, for messages and the browser's tools. */
  readonly name: string;
  /** The command line. */
  readonly argv: readonly string[];
  readonly services: Readonly<Record<string, Service>>;
  /** Called at each change of status. */
  readonly onStatus?: (machine: Machine) => void;
}

/** A unikernel in a worker of its own. Boots when it is made. */
export class Machine {
  /** Resolves when `start` is called; rejects if that never happens. */
  readonly booted: Promise<void>;
  /** Resolves to the exit code, and never rejects. */
  readonly exited: Promise<number>;

  readonly #options: MachineOptions;
  readonly #worker: Worker;
  readonly #remote: Remote<WorkerSide>;
  readonly #booted = Promise.withResolvers<void>();
  readonly #exited = Promise.withResolvers<number>();
  readonly #releases: (() => void)[] = [];
  #status: MachineStatus = "booting";
  #exitCode: number | null = null;
  #ending: Ending = {};
  /** What it exits with if it is terminated now. */
  #codeIfTerminated: number = exitCodes.terminated;
  #description: Description | undefined;
  #finalCounters: CounterTable | undefined;

  constructor(options: MachineOptions) {
    this.#options = options;
    this.booted = this.#booted.promise;
    this.exited = this.#exited.promise;
    this.booted.catch(() => {});
    const script = scriptFor(options.url);
    this.#releases.push(() => URL.revokeObjectURL(script));
    const commandLine: WorkerName = [options.name, ...options.argv];
    this.#worker = new Worker(script, { type: "module", name: JSON.stringify(commandLine) });
    this.#remote = wrap<WorkerSide>(this.#worker);
    this.#worker.addEventListener("error", (event) => void this.#onWorkerError(event));
    expose(this.#page(), this.#worker);
  }

  get status(): MachineStatus {
    return this.#status;
  }

  /** The exit code, or `null` while it has none. */
  get exitCode(): number | null {
    return this.#exitCode;
  }

  /** What ended it, if the status is `failed`. Its stack is the worker's. */
  get error(): Error | undefined {
    return this.#ending.error;
  }

  /** What is to be said of the arguments after exit code 63 or 64. */
  get usage(): string | undefined {
    return this.#ending.usage;
  }

  /** What the unikernel says of itself, once it is there. */
  get description(): Description | undefined {
    return this.#description;
  }

  /** The devices' counters when the unikernel ended, if it ended by itself. */
  get finalCounters(): CounterTable | undefined {
    return this.#finalCounters;
  }

  /** The devices' counters, now or when it ended. Does not resolve while it blocks its thread. */
  async counters(): Promise<CounterTable> {
    const ended = this.exited.then(() => this.#finalCounters ?? {});
    return Promise.race([this.#remote.counters(), ended]);
  }

  /**
   * Halts the unikernel: its signal aborts, and if it does not end by itself its worker is
   * terminated. Resolves to the exit code.
   */
  async halt(): Promise<number> {
    if (this.#exitCode === null) {
      void this.#remote.halt();
      const timer = setTimeout(() => this.#finish(this.#codeIfTerminated), terminateAfterMs);
      await this.exited;
      clearTimeout(timer);
    }
    return this.exited;
  }

  #page(): PageSide {
    return {
      openPort: (service, options, port) => {
        // What a worker sent before it was terminated may arrive afterwards.
        if (this.#exitCode !== null) return port.close();
        const release = this.#options.services[service]?.(port, options);
        if (release !== undefined) this.#releases.push(release);
      },
      describe: async (description) => {
        this.#description = description;
      },
      started: async () => {
        if (this.#exitCode !== null) return;
        this.#setStatus("running");
        this.#booted.resolve();
      },
      ended: (report) => this.#onEnded(report),
    };
  }

  async #onEnded(report: RunReport): Promise<void> {
    const { code, error, misuse, counters } = report;
    this.#finalCounters = counters;
    this.#codeIfTerminated = code;
    const returned = error === undefined && misuse === undefined && code !== exitCodes.help;
    const ending = returned
      ? {}
      : await explain(
          ({ endingOf }) => endingOf(report, this.#description),
          error === undefined ? `It exited with ${code}` : `${error.name}: ${error.message}`,
        );
    this.#finish(code, ending);
  }

  /** The worker's script did not load, or threw before it could offer the unikernel. */
  async #onWorkerError(event: ErrorEvent): Promise<void> {
    if (this.#exitCode !== null) return;
    event.preventDefault();
    const { url, name } = this.#options;
    const ending = await explain(
      ({ endingOfScript }) => endingOfScript(event, url, name),
      event.message || `Cannot boot "${name}"`,
    );
    this.#finish(exitCodes.uncaught, ending);
  }

  #finish(code: number, ending: Ending = {}): void {
    if (this.#exitCode !== null) return;
    this.#worker.terminate();
    for (const release of this.#releases) release();
    this.#exitCode = code;
    this.#ending = ending;
    this.#setStatus(code === exitCodes.uncaught ? "failed" : "exited");
    this.#booted.reject(ending.error ?? new Error(`"${this.#options.name}" exited with ${code}`));
    this.#exited.resolve(code);
  }

  #setStatus(status: MachineStatus): void {
    this.#status = status;
    this.#options.onStatus?.(this);
  }
}

/** A worker's script must be of the page's origin: one that is imports one from elsewhere. */
function scriptFor({ href, origin }: URL): string {
  if (origin === location.origin) return href;
  const script = `import ${JSON.stringify(href)};`;
  return URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
}

/**
 * Loads the words for an ending; where they cannot be, says so after `known`, since the machine has
 * ended all the same.
 */
async function explain(
  words: (module: typeof import("./ending.ts")) => Ending | Promise<Ending>,
  known: string,
): Promise<Ending> {
  try {
    return await words(await import("./ending.ts"));
  } catch (cause) {
    const error = new Error(`${known} (the page cannot load what says more)`, { cause });
    // This thread's has nothing to do with it.
    return { error: Object.assign(error, { stack: "" }) };
  }
}
