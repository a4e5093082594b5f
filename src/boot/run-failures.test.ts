import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { FakeHost } from "../../test/fake-host.ts";
import type { Start } from "../../test/fake-host.ts";
import type { Context, Exit } from "../config/unikernel.ts";
import * as exitCodes from "./exit-codes.ts";
import { Unresponsive } from "./exit.ts";

const failure = new Error("It broke");

function fail(): never {
  throw failure;
}

describe("run() of a unikernel that fails", () => {
  test.each<[string, Start]>([
    ["throws", fail],
    ["rejects", async () => fail()],
  ])("gives 255 and the error, and disposes, when start %s", async (_what, start) => {
    const host = new FakeHost();
    const outcome = await host.run(host.unikernel([host.device("clock")], start));
    expect(outcome).toEqual({ code: 255, error: failure });
    expect(outcome.error).toBe(failure);
    expect(host.events.slice(-2)).toEqual(["dispose clock", "dispose console"]);
  });

  test.each([undefined, null, "text"])("tells that %s was thrown", async (thrown) => {
    const host = new FakeHost();
    const outcome = await host.run(host.unikernel([], () => Promise.reject(thrown)));
    expect("error" in outcome).toBe(true);
    expect(outcome).toEqual({ code: 255, error: thrown });
  });

  test("gives 255 and the error, when its module does not load", async () => {
    const host = new FakeHost();
    const found = { ...host.unikernel([host.device("clock")]), load: async () => fail() };
    expect(await host.run(found)).toEqual({ code: 255, error: failure });
    expect(host.events).toEqual(["connect clock", "dispose clock", "dispose console"]);
  });

  test("disposes the devices before one that does not connect, and connects no other", async () => {
    const host = new FakeHost();
    const broken = host.device("disk", { connect: fail });
    const found = host.unikernel([host.device("clock"), broken, host.device("network")]);
    expect(await host.run(found)).toEqual({ code: 255, error: failure });
    expect(host.events).toEqual([
      "connect clock",
      "connect disk",
      "dispose clock",
      "dispose console",
    ]);
  });

  test("gives 255 and an error that nobody in it caught, while it runs", async () => {
    const host = new FakeHost();
    const start: Start = () => {
      host.throwUncaught(failure);
      return new Promise(() => {});
    };
    const found = host.unikernel([host.device("clock")], start);
    expect(await host.run(found)).toEqual({ code: 255, error: failure });
    expect(host.events.slice(-2)).toEqual(["dispose clock", "dispose console"]);
  });

  test("does not start it any more, after such an error while devices connect", async () => {
    const host = new FakeHost();
    let connect: () => void = () => {};
    const connected = new Promise<void>((resolve) => (connect = resolve));
    const slow = host.device("disk", { connect: () => connected });
    const running = host.run(host.unikernel([slow]));
    host.throwUncaught(failure);
    expect(await running).toEqual({ code: 255, error: failure });
    connect();
    await setImmediate();
    expect(host.events).not.toContain("start");
  });

  test("ignores an error of what it left behind, after start returned", async () => {
    const host = new FakeHost();
    const clock = host.device("clock", { dispose: () => host.throwUncaught(failure) });
    expect(await host.run(host.unikernel([clock], () => 3))).toEqual({ code: 3 });
  });
});

describe("run() with a device that fails to be disposed", () => {
  test.each<[string, () => void | Promise<void>]>([
    ["throws", fail],
    ["rejects", async () => fail()],
  ])("gives 255 and disposes the others, when it %s", async (_what, dispose) => {
    const host = new FakeHost();
    const found = host.unikernel([host.device("clock"), host.device("disk", { dispose })]);
    expect(await host.run(found)).toEqual({ code: 255, error: failure });
    expect(host.events.slice(-2)).toEqual(["dispose clock", "dispose console"]);
  });

  test("gives the error of start, if there is one", async () => {
    const host = new FakeHost();
    const first = new Error("First");
    const disk = host.device("disk", { dispose: fail });
    const found = host.unikernel([disk], () => Promise.reject(first));
    expect((await host.run(found)).error).toBe(first);
  });

  test("gives 255 although it was halted", async () => {
    const host = new FakeHost();
    host.halt();
    host.console[Symbol.asyncDispose] = fail;
    expect(await host.run(host.unikernel([]))).toEqual({ code: 255, error: failure });
  });

  test("does not resolve, while it does not let go", async () => {
    const host = new FakeHost();
    let letGo: () => void = () => {};
    const gone = new Promise<void>((resolve) => (letGo = resolve));
    const disk = host.device("disk", { dispose: () => gone });
    let ended = false;
    const running = host.run(host.unikernel([disk])).then(() => (ended = true));
    for (let turn = 0; turn < 20; turn += 1) await setImmediate();
    expect(ended).toBe(false);
    letGo();
    await running;
    expect(host.events.slice(-2)).toEqual(["dispose disk", "dispose console"]);
  });
});

describe("run() of a unikernel that is halted", () => {
  test("connects and starts nothing, when it was halted before", async () => {
    const host = new FakeHost();
    host.halt();
    expect(await host.run(host.unikernel([host.device("clock")]))).toEqual({ code: 0 });
    expect(host.events).toEqual(["dispose console"]);
  });

  test("does not start it either, when it has no devices", async () => {
    const host = new FakeHost();
    host.halt();
    expect(await host.run(host.unikernel([]))).toEqual({ code: 0 });
    expect(host.events).not.toContain("start");
  });

  test("disposes what has connected, and connects no more, while devices connect", async () => {
    const host = new FakeHost();
    const disk = host.device("disk", { connect: () => host.halt() });
    const found = host.unikernel([host.device("clock"), disk, host.device("network")]);
    expect(await host.run(found)).toEqual({ code: 0 });
    expect(host.events).toEqual([
      "connect clock",
      "connect disk",
      "dispose disk",
      "dispose clock",
      "dispose console",
    ]);
  });

  test("gives 0, when a device stops connecting for it", async () => {
    const host = new FakeHost();
    const disk = host.device("disk", {
      connect({ signal }) {
        host.halt();
        signal.throwIfAborted();
      },
    });
    expect(await host.run(host.unikernel([disk]))).toEqual({ code: 0 });
  });

  test.each<[string, (signal: AbortSignal) => Exit, number]>([
    ["0, when start stops for it", (signal) => signal.throwIfAborted(), 0],
    ["the code, when start returns one", () => 7, 7],
  ])("gives %s", async (_what, end, code) => {
    const host = new FakeHost();
    const start: Start = async (context) => {
      const { signal } = context as Context;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      return end(signal);
    };
    const running = host.run(host.unikernel([], start));
    await setImmediate();
    host.halt();
    expect(await running).toEqual({ code });
  });

  test("gives 255, when start fails otherwise", async () => {
    const host = new FakeHost();
    const start: Start = () => {
      host.halt();
      fail();
    };
    expect(await host.run(host.unikernel([], start))).toEqual({ code: 255, error: failure });
  });

  test("gives 137 and disposes, when it does not stop", async () => {
    const host = new FakeHost();
    const start: Start = () => new Promise(() => {});
    const running = host.run(host.unikernel([host.device("clock")], start));
    host.halt();
    host.throwUncaught(new Unresponsive());
    expect(await running).toEqual({ code: exitCodes.terminated });
    expect(host.events.slice(-2)).toEqual(["dispose clock", "dispose console"]);
  });
});
