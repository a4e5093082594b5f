import { expect, test } from "vitest";
import { prefix } from "../../../test/router-world.ts";
import { Simulation, Wire } from "../../simulated/index.ts";
import { connect as connectStack } from "../stack.ts";
import { connect } from "./bridge.ts";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("connect() makes one Ethernet of two wires, until it is disposed", async () => {
  const simulation = new Simulation({ seed: 1, turn });
  const { clock } = simulation;
  const wires = [new Wire(simulation), new Wire(simulation)];
  await simulation.run(async () => {
    const bridge = connect({ clock, networks: wires.map((wire) => wire.connect()) });
    const stacks = await Promise.all(
      wires.map((wire, index) =>
        connectStack({
          network: wire.connect(),
          clock,
          random: simulation.random(`stack ${index}`),
          ipv4: { address: prefix(`10.0.0.${index + 1}/24`) },
        }),
      ),
    );
    const reply = await stacks[0]?.icmp?.echo("10.0.0.2");
    // No router was passed.
    expect(reply?.timeToLive).toBe(64);
    expect(bridge.counters?.["framesIn"]).toBeGreaterThan(3);
    expect(bridge.counters?.["flooded"]).toBeGreaterThan(0);
    await bridge[Symbol.asyncDispose]();
    await expect(stacks[0]?.icmp?.echo("10.0.0.2")).rejects.toMatchObject({ code: "timed-out" });
  });
});

test("connect() refuses links of different MTUs", () => {
  const simulation = new Simulation({ seed: 1, turn });
  const networks = [1500, 9000].map((mtu) => new Wire(simulation, { mtu }).connect());
  expect(() => connect({ clock: simulation.clock, networks })).toThrow(
    "different MTUs: 1500, 9000",
  );
});
