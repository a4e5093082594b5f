/** A host without anything behind it, for tests of the life of a unikernel. */

import { setImmediate } from "node:timers/promises";
import { Halted } from "../src/boot/exit.ts";
import type { Outcome } from "../src/boot/exit.ts";
import { run } from "../src/boot/run.ts";
import type { ArgumentTable } from "../src/config/arguments.ts";
import type {
  ArgumentCheck,
  DeviceDescription,
  DriverContext,
  NodeHost,
} from "../src/config/device.ts";
import { device } from "../src/config/device.ts";
import type { Exit, Unikernel } from "../src/config/unikernel.ts";
import { unikernel } from "../src/config/unikernel.ts";
import type { Device } from "../src/devices/index.ts";
import { SimulatedConsole, Simulation } from "../src/simulated/index.ts";

/** What a unikernel of a test does. */
export type Start = (...parameters: readonly unknown[]) => Exit | Promise<Exit>;

/** What a device of a test does, besides saying so. */
interface Conduct {
  readonly needs?: readonly DeviceDescription[];
  readonly args?: ArgumentTable;
  readonly check?: ArgumentCheck;
  readonly connect?: (context: DriverContext) => void | Promise<void>;
  readonly dispose?: () => void | Promise<void>;
}

/** A host for one run of a unikernel, that tells what happened to it, in order. */
export class FakeHost {
  readonly events: string[] = [];
  readonly console: SimulatedConsole;
  readonly halting = new AbortController();
  /** What the unikernel's own code did not catch. */
  readonly throwUncaught: (error: unknown) => void;
  readonly #uncaught: Promise<never>;
  readonly #host: NodeHost;

  constructor() {
    let rejectUncaught: (error: unknown) => void = () => {};
    this.#uncaught = new Promise((_resolve, reject) => (rejectUncaught = reject));
    this.#uncaught.catch(() => {});
    this.throwUncaught = rejectUncaught;
    const simulation = new Simulation({ seed: 1, turn: () => setImmediate() });
    this.console = new SimulatedConsole(simulation);
    this.#host = { target: "node", console: () => this.console };
    const dispose = this.console[Symbol.asyncDispose].bind(this.console);
    this.console[Symbol.asyncDispose] = async () => {
      await setImmediate();
      await dispose();
      this.events.push("dispose console");
    };
  }

  device(name: string, conduct: Conduct = {}): DeviceDescription<Device & { name: string }> {
    const { needs = [], args = {} } = conduct;
    const { events } = this;
    return device({
      name,
      signature: "Thing",
      args,
      needs,
      ...(conduct.check && { check: conduct.check }),
      async connect(context, ...connected) {
        const below = (connected as readonly { name: string }[]).map((each) => each.name);
        events.push(["connect", name, ...below].join(" "));
        await conduct.connect?.(context);
        return {
          name,
          counters: {},
          async [Symbol.asyncDispose]() {
            await conduct.dispose?.();
            events.push(`dispose ${name}`);
          },
        };
      },
    });
  }

  unikernel(
    devices: readonly DeviceDescription[],
    start: Start = () => {},
    args: ArgumentTable = {},
  ): Unikernel {
    const told: Start = (...parameters) => {
      this.events.push("start");
      return start(...parameters);
    };
    const load = async (): Promise<{ start: Start }> => {
      this.events.push("load");
      return { start: told };
    };
    return unikernel("faked", load, devices, { args, version: "1.2.3" });
  }

  run(found: Unikernel, ...argv: readonly string[]): Promise<Outcome> {
    return run(found, {
      host: this.#host,
      argv,
      packages: [{ name: "lit", version: "3.0.0" }],
      signal: this.halting.signal,
      uncaught: this.#uncaught,
    });
  }

  halt(): void {
    this.halting.abort(new Halted());
  }
}
