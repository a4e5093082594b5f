/** The worker's half of booting in a tab: the entry that the bundler puts before a `config.ts`. */

import "./polyfill.ts";
import type { Endpoint, Remote } from "comlink";
import { expose, transfer, wrap } from "comlink";
import type { BrowserHost } from "../config/device.ts";
import { describe } from "../config/graph.ts";
import type { About } from "../config/unikernel.ts";
import { unikernelFrom } from "../config/unikernel.ts";
import type { Console, Device } from "../devices/index.ts";
import { connect as connectConsole } from "../platform-js/console-port.ts";
import { encodeError } from "./errors.ts";
import * as exitCodes from "./exit-codes.ts";
import { Halted, haltGraceMs, Unresponsive } from "./exit.ts";
import type { CounterTable, PageSide, WorkerName, WorkerSide } from "./protocol.ts";
import { run } from "./run.ts";

/**
 * Runs the unikernel that a configuration's module exports, for the page that started this worker.
 *
 * @throws {TypeError} if it exports none; `file` is how the message names it
 */
export function bootWorker(config: object, file: string, packages: About["packages"]): void {
  const unikernel = unikernelFrom(config, file);
  const worker = globalThis as unknown as Endpoint & { readonly name: string };
  const page = wrap<PageSide>(worker);
  const halting = new AbortController();
  const uncaught = Promise.withResolvers<never>();
  const devices = new Map<string, Device>();

  const main = async (): Promise<void> => {
    const [, ...argv] = JSON.parse(worker.name) as WorkerName;
    const told = [page.describe(describe(unikernel))];
    const outcome = await run(unikernel, {
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
    const { code, misuse } = outcome;
    const error = "error" in outcome ? encodeError(outcome.error) : undefined;
    await page.ended({ code, misuse, error, counters: side.counters() });
  };

  const side: WorkerSide = {
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
  expose(side, worker);
  main().catch((error) => page.ended({ code: exitCodes.uncaught, error: encodeError(error) }));
}

function browserHost(page: Remote<PageSide>): BrowserHost {
  let console: Console | undefined;
  const host: BrowserHost = {
    target: "browser",
    console: () => (console ??= connectConsole({ port: host.openPort("console") })),
    openPort(service, options = {}) {
      const { port1, port2 } = new MessageChannel();
      void page.openPort(service, options, transfer(port2, [port2]));
      return port1;
    },
  };
  return host;
}
