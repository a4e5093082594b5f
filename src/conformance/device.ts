import type { Device } from "../devices/index.ts";
import { holds, withDevice, type Law } from "./law.ts";

/** The laws that every {@link Device} keeps; each suite includes them. */
export function deviceLaws(connect: () => Promise<Device>): readonly Law[] {
  return [
    {
      name: "dispose() does nothing, when called again",
      run: () =>
        withDevice(connect, async (device) => {
          await Promise.all([device[Symbol.asyncDispose](), device[Symbol.asyncDispose]()]);
          await device[Symbol.asyncDispose]();
        }),
    },
    {
      name: "counters are numbers, zero or more",
      run: () =>
        withDevice(connect, async (device) => {
          for (const [name, value] of Object.entries(device.counters)) {
            holds(`counters.${name}`, value >= 0, "a number, zero or more", value);
          }
        }),
    },
  ];
}
