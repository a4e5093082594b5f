import { defaultClock, defaultRandom, device, type DeviceDescription } from "fata-morgana/config";
import type { Network } from "fata-morgana/devices";
import { ShapedLink } from "fata-morgana/net/shaper/shaped-link";

/** An interface whose outgoing frames wait in a fair queue, at the rate of `--rate`. */
export function shaped(network: DeviceDescription<Network>): DeviceDescription<ShapedLink> {
  return device({
    name: "shaper",
    signature: "ShapedLink",
    needs: [network, defaultClock, defaultRandom],
    args: {
      rate: { type: "number", default: 2000, min: 1, doc: "Rate to outside, in kbit/s" },
    },
    connect: ({ args }, below, clock, random) =>
      new ShapedLink(below, { clock, random, bitsPerSecond: Number(args["rate"]) * 1000 }),
  });
}
