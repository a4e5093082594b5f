/** The worker's half of booting in a tab: the entry that the bundler puts before a `config.ts`. */

import "./polyfill.ts";
import { expose, transfer } from "comlink";
import type { BrowserHost } from "../config/device.ts";
import { describe } from "../config/graph.ts";
import type { About } from "../config/unikernel.ts";
import { unikernelFrom } from "../config/unikernel.ts";
import type { Console, Device } from "../devices/index.ts";
import { connect as connectConsole } from "../platform-js/console-port.ts";
import { encodeError } from "./errors.ts";
import { Halted, haltGraceMs, Unresponsive } from "./exit.ts";
import type { CounterTable, PageSide, RunReport, WorkerSide } from "./protocol.ts";
import { run } from "./run.ts";

/**
 * Offers the unikernel that a configuration's module exports to the page that started this worker.
 *
 * @throws {TypeError} if it exports none; `file` is how the message names it
 */
export function bootWorker(config: object, file: string, packages: About["packages"]): void {
  const unikernel = unikernelFrom(config, file);
  const halting = new AbortController();
  const uncaught = Promise.withResolvers<never>();
  const devices = new Map<string, Device>();

  const side: WorkerSide = {
    async run({ argv }, page): Promise<RunReport> {
      const told = [page.describe(describe(unikernel))];
      const { code, error, misuse } = await run(unikernel, {
        host: browserHost(page),
        argv,
        packages,
        signal: halting.signal,
        uncaught: uncaught.promise,
        onStart(connected) {
          for (const [{ name }, device] of connected) devices.set(name, device);
          told.push(page.started());
        },
      });
      await Promise.all(told);
      return { code, misuse, error: error === undefined ? undefined : encodeError(error) };
    },
    halt() {
      halting.abort(new Halted());
      setTimeout(() => uncaught.reject(new Unresponsive()), haltGraceMs);
    },
    counters: (): CounterTable =>
      Object.fromEntries([...devices].map(([name, { counters }]) => [name, { ...counters }])),
  };

  addEventListener("error", (event) => {
    event.preventDefault();
    uncaught.reject(event.error);
  });
  addEventListener("unhandledrejection", (event) => {
    event.preventDefault();
    uncaught.reject(event.reason);
  });
  uncaught.promise.catch(() => {});
  expose(side);
}

function browserHost(page: PageSide): BrowserHost {
  let console: Console | undefined;
  const host: BrowserHost = {
    target: "browser",
    console: () => (console ??= connectConsole({ port: host.openPort("console") })),
    openPort(service, options = {}) {
      const { port1, port2 } = new MessageChannel();
      page.openPort(service, options, transfer(port2, [port2]));
      return port1;
    },
  };
  return host;
}
