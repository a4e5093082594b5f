/** Devices that are wrong in one way, to see that some law says so. */

import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Law } from "../src/conformance/index.ts";
import { Simulation } from "../src/simulated/index.ts";

/** A device with some members replaced; the others run on `device` itself. */
export function broken<Device extends object>(device: Device, changes: Partial<Device>): Device {
  return new Proxy(device, {
    get(target, name) {
      const member: unknown = Reflect.get(name in changes ? changes : target, name);
      return typeof member === "function" ? member.bind(target) : member;
    },
  });
}

/** Registers a test that some law, whose name holds `expected`, is broken. */
export function breaks(
  what: string,
  expected: string,
  lawsIn: (simulation: () => Simulation) => readonly Law[],
): void {
  test(`${what} breaks: ${expected}`, async () => {
    let simulation: Simulation;
    const brokenLaws: string[] = [];
    for (const law of lawsIn(() => simulation)) {
      simulation = new Simulation({ seed: 1, turn: () => setImmediate() });
      await simulation.run(() => law.run(), 60_000).catch(() => brokenLaws.push(law.name));
    }
    expect(brokenLaws.join("\n")).toContain(expected);
    expect(brokenLaws.length).toBeLessThan(lawsIn(() => simulation).length);
  });
}
