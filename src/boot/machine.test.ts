import "../../test/with-resolvers.ts";
import type { Remote } from "comlink";
import { expose, transfer, wrap } from "comlink";
import { setImmediate } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { BlockError } from "../devices/errors.ts";
import { encodeError } from "./errors.ts";
import { terminateAfterMs } from "./exit.ts";
import { Machine } from "./machine.ts";
import type { MachineOptions } from "./machine.ts";
import type { PageSide, RunReport, WorkerSide } from "./protocol.ts";

/** A worker whose half is in the test, and loads when that says so. */
class FakeWorker extends EventTarget {
  static last: FakeWorker | undefined;

  readonly url: string;
  readonly name: string;
  terminated = false;
  readonly #page: MessagePort;
  readonly #worker: MessagePort;

  constructor(url: string | URL, { name = "" }: WorkerOptions) {
    super();
    FakeWorker.last = this;
    this.url = String(url);
    this.name = name;
    const { port1, port2 } = new MessageChannel();
    [this.#page, this.#worker] = [port1, port2];
    port1.onmessage = ({ data }) => {
      this.dispatchEvent(new MessageEvent("message", { data }));
    };
  }

  postMessage(message: unknown, transfer: Transferable[]): void {
    this.#page.postMessage(message, transfer);
  }

  terminate(): void {
    this.terminated = true;
    this.#page.close();
  }

  /** What was posted before arrives now. */
  load(unikernel: FakeUnikernel): void {
    expose(unikernel, this.#worker);
    unikernel.run(wrap<PageSide>(this.#worker));
  }

  /** What the browser tells, when the script cannot be loaded, or throws at once. */
  fail(details: object = {}): void {
    this.dispatchEvent(Object.assign(new Event("error", { cancelable: true }), details));
  }
}

/** The worker's half: it runs until the test ends it. */
class FakeUnikernel implements WorkerSide {
  page: Remote<PageSide> | undefined;
  halts = 0;

  run(page: Remote<PageSide>): void {
    this.page = page;
    void page.describe({
      name: "web",
      description: "Serves",
      version: "1.0.0",
      devices: [],
      start: [],
      args: { port: { type: "int", doc: "Where" } },
    });
  }

  end(report: RunReport): void {
    void this.page?.ended(report);
  }

  halt(): void {
    this.halts += 1;
  }

  counters(): Readonly<Record<string, Readonly<Record<string, number>>>> {
    return { clock: { sleeps: 3 } };
  }
}

const madeScripts: (Blob | MediaSource)[] = [];
const releasedUrls: string[] = [];

beforeEach(() => {
  madeScripts.length = 0;
  releasedUrls.length = 0;
  vi.stubGlobal("Worker", FakeWorker);
  vi.stubGlobal("location", { origin: "https://example.org" });
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  vi.spyOn(URL, "createObjectURL").mockImplementation((script) => {
    madeScripts.push(script);
    return "blob:1";
  });
  vi.spyOn(URL, "revokeObjectURL").mockImplementation((url) => void releasedUrls.push(url));
  vi.useFakeTimers({ toFake: ["setTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

/** Lets messages that are under way arrive: each way of an answer takes some turns. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await setImmediate();
}

interface Started {
  readonly machine: Machine;
  readonly worker: FakeWorker;
  readonly unikernel: FakeUnikernel;
  readonly statuses: string[];
}

async function start(options: Partial<MachineOptions> = {}): Promise<Started> {
  const statuses: string[] = [];
  const machine = new Machine({
    url: new URL("https://example.org/web/unikernel.js"),
    name: "web",
    argv: ["--port=7"],
    services: {},
    onStatus: ({ status, exitCode }) => void statuses.push(`${status} ${exitCode}`),
    ...options,
  });
  const worker = FakeWorker.last;
  if (worker === undefined) throw new Error("It started no worker");
  await turns();
  return { machine, worker, unikernel: new FakeUnikernel(), statuses };
}

/** One that is running. */
async function boot(options: Partial<MachineOptions> = {}): Promise<Started> {
  const started = await start(options);
  started.worker.load(started.unikernel);
  await turns();
  await started.unikernel.page?.started();
  return started;
}

function openPort({ page }: FakeUnikernel, service: string, options: Record<string, string>): void {
  const { port2 } = new MessageChannel();
  void page?.openPort(service, options, transfer(port2, [port2]));
}

describe("Machine", () => {
  test("boots, runs and ends", async () => {
    const { machine, worker, unikernel, statuses } = await start();
    expect([machine.status, machine.exitCode]).toEqual(["booting", null]);
    worker.load(unikernel);
    await turns();
    expect(JSON.parse(worker.name)).toEqual(["web", "--port=7"]);
    expect(machine.description).toMatchObject({ name: "web", description: "Serves" });
    await unikernel.page?.started();
    await machine.booted;
    expect([machine.status, machine.exitCode]).toEqual(["running", null]);
    unikernel.end({ code: 3 });
    expect(await machine.exited).toBe(3);
    expect([machine.status, machine.exitCode, machine.error]).toEqual(["exited", 3, undefined]);
    expect([machine.usage, worker.terminated]).toEqual([undefined, true]);
    expect(statuses).toEqual(["running null", "exited 3"]);
  });

  test("fails with the worker's error, of its class", async () => {
    const { machine, unikernel } = await boot();
    const error = new BlockError("io", "Cannot read sector 3: the medium failed");
    unikernel.end({ code: 255, error: encodeError(error) });
    expect(await machine.exited).toBe(255);
    expect(machine.status).toBe("failed");
    expect(machine.error).toBeInstanceOf(BlockError);
    expect(machine.error).toMatchObject({ code: "io", message: error.message });
  });

  test("gives the usage text, for help and for misuse", async () => {
    const asked = await boot();
    asked.unikernel.end({ code: 63 });
    await asked.machine.exited;
    expect(asked.machine.usage).toMatch(/^web: Serves\n\n {2}--port=<int>/);
    const wrong = await boot();
    wrong.unikernel.end({ code: 64, misuse: { problem: "missing", word: "--port" } });
    await wrong.machine.exited;
    expect(wrong.machine.usage).toMatch(/^--port is required: Where\n\nweb: Serves\n/);
  });

  test("rejects booted, when it ends before start", async () => {
    const { machine, worker, unikernel } = await start();
    worker.load(unikernel);
    await turns();
    unikernel.end({ code: 64, misuse: { problem: "missing", word: "--port" } });
    await expect(machine.booted).rejects.toThrow('"web" exited with 64');
  });

  test("gives the counters, and the last ones once it has ended", async () => {
    const { machine, unikernel } = await boot();
    expect(await machine.counters()).toEqual({ clock: { sleeps: 3 } });
    unikernel.end({ code: 0, counters: { clock: { sleeps: 4 } } });
    await machine.exited;
    expect(await machine.counters()).toEqual({ clock: { sleeps: 4 } });
  });
});

describe("Machine whose script does not load", () => {
  test.each([
    [404, 'Cannot boot "web": there is no unikernel at https://example.org/web/unikernel.js'],
    [
      200,
      'Cannot boot "web": https://example.org/web/unikernel.js answered 200, ' +
        "and is not a unikernel's script",
    ],
    [0, 'Cannot boot "web": https://example.org/web/unikernel.js cannot be reached'],
  ])("fails and says why: %s", async (status, message) => {
    if (status > 0) vi.stubGlobal("fetch", async () => new Response("", { status }));
    const { machine, worker } = await start();
    worker.fail();
    expect(await machine.exited).toBe(255);
    expect([machine.status, machine.error?.message]).toEqual(["failed", message]);
    await expect(machine.booted).rejects.toThrow(message);
    expect(worker.terminated).toBe(true);
  });

  test.each([
    ["Uncaught Error: Too early", "Error", "Too early"],
    ["Uncaught TypeError: x is no\nfunction", "TypeError", "x is no\nfunction"],
    ["RangeError: Too far", "RangeError", "Too far"],
    ["Uncaught some text: really", "Error", "some text: really"],
  ])("fails with what it threw at once, and where, for %j", async (message, name, why) => {
    const { machine, worker } = await start();
    const at = { filename: "https://example.org/web/unikernel.js", lineno: 3, colno: 7 };
    worker.fail({ message, ...at });
    expect(await machine.exited).toBe(255);
    expect(machine.error).toMatchObject({ name, message: why });
    expect(machine.error?.stack).toBe(
      `${name}: ${why}\n    at https://example.org/web/unikernel.js:3:7`,
    );
  });

  test("is imported by a script of the page's origin from another, and that let go", async () => {
    const url = new URL("https://elsewhere.org/unikernel.js");
    const { machine, worker, unikernel } = await boot({ url });
    expect(worker.url).toBe("blob:1");
    expect(await (madeScripts[0] as Blob).text()).toBe(
      'import "https://elsewhere.org/unikernel.js";',
    );
    unikernel.end({ code: 0 });
    await machine.exited;
    expect(releasedUrls).toContain("blob:1");
  });
});

describe("Machine.halt()", () => {
  test("asks the unikernel to end, and gives its code", async () => {
    const { machine, unikernel, statuses } = await boot();
    const halted = machine.halt();
    await turns();
    expect(unikernel.halts).toBe(1);
    unikernel.end({ code: 7 });
    expect(await halted).toBe(7);
    await vi.advanceTimersByTimeAsync(terminateAfterMs);
    expect([machine.exitCode, statuses]).toEqual([7, ["running null", "exited 7"]]);
  });

  test.each(["running", "not loaded"])("terminates it after a while, when %s", async (state) => {
    const { machine, worker } = await (state === "running" ? boot() : start());
    const halted = machine.halt();
    await vi.advanceTimersByTimeAsync(terminateAfterMs - 1);
    expect(worker.terminated).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await halted).toBe(137);
    expect([machine.status, worker.terminated]).toEqual(["exited", true]);
  });

  test("may be called again, while it ends and after", async () => {
    const { machine, statuses } = await boot();
    const halts = [machine.halt(), machine.halt()];
    await vi.advanceTimersByTimeAsync(terminateAfterMs);
    expect(await Promise.all(halts)).toEqual([137, 137]);
    expect(await machine.halt()).toBe(137);
    expect(statuses).toEqual(["running null", "exited 137"]);
  });

  test("is heard by one whose script loads only then", async () => {
    const { machine, worker, unikernel } = await start();
    const halted = machine.halt();
    worker.load(unikernel);
    await turns();
    expect(unikernel.halts).toBe(1);
    unikernel.end({ code: 0 });
    expect(await halted).toBe(0);
  });
});

describe("Machine with services", () => {
  test("gives the port to the service that is asked for, and releases it at the end", async () => {
    const given: unknown[] = [];
    const network = (port: MessagePort, options: object): (() => void) => {
      given.push(port.constructor.name, options);
      return () => given.push("released");
    };
    const { machine, unikernel } = await boot({ services: { network } });
    openPort(unikernel, "network", { unikernel: "web" });
    openPort(unikernel, "printer", {});
    await turns();
    expect(given).toEqual(["MessagePort", { unikernel: "web" }]);
    unikernel.end({ code: 0 });
    await machine.exited;
    expect(given.at(-1)).toBe("released");
  });

  test("hears nothing from a worker that was terminated", async () => {
    const opened: string[] = [];
    const service = (): (() => void) => {
      opened.push("console");
      return () => {};
    };
    const { machine, worker, unikernel, statuses } = await start({
      services: { console: service },
    });
    worker.load(unikernel);
    await turns();
    const halted = machine.halt();
    await vi.advanceTimersByTimeAsync(terminateAfterMs);
    await halted;
    void unikernel.page?.started();
    openPort(unikernel, "console", {});
    await turns();
    expect([machine.status, statuses, opened]).toEqual(["exited", ["exited 137"], []]);
  });
});
