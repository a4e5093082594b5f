import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

const compiled = fileURLToPath(new URL("../../dist/simulated/index.js", import.meta.url));

/** A world with every device in it and every fault, and what its end is told by. */
const program = `
  import { setImmediate } from "node:timers/promises";
  import { SimulatedConsole, SimulatedDisk, SimulatedStore, Simulation, Wire }
    from ${JSON.stringify(compiled)};
  const [seed] = process.argv.slice(1).map(Number);
  const simulation = new Simulation({ seed, turn: () => setImmediate(), log: console.log });
  const faults = { loss: 0.1, duplication: 0.1, corruption: 0.1, reordering: 0.2, jitterMs: 3 };
  const wire = new Wire(simulation, { ...faults, delayMs: 2, bitsPerSecond: 1e6 });
  const hosts = [wire.connect(), wire.connect(), wire.connect()];
  const disk = new SimulatedDisk(simulation, { sectorCount: 16, latencyMs: 1, jitterMs: 4 });
  const store = new SimulatedStore(simulation).connect();
  const screen = new SimulatedConsole(simulation, { size: { columns: 80, rows: 24 } });
  const random = simulation.random("payload");
  let left = 60;
  for (const host of hosts) {
    host.listen({
      frame(frame) {
        if (left-- > 0) host.write(frame.length, (into) => (into.set(frame), frame.length));
      },
    });
  }
  await simulation.run(async () => {
    hosts[0].write(200, (into) => random.fill(into).length);
    const block = disk.connect();
    block.fail("write", 3);
    const writes = [0, 4, 8, 2].map((at) => block.write(at, [random.fill(new Uint8Array(2048))]));
    void Promise.allSettled(writes);
    await simulation.clock.sleep(3);
    wire.partition(hosts[0], hosts[1]);
    disk.crash();
    await store.set(["a", "b"], random.fill(new Uint8Array(10)));
    await screen.writeLine("at " + simulation.clock.monotonicNs());
    await simulation.clock.sleep(1000);
    const found = new Uint8Array(16 * 512);
    await disk.connect().read(0, [found]);
    simulation.trace("the disk at the end", found);
  });
  console.log(screen.output, simulation.traceHash);
`;

async function runOf(seed: number): Promise<string> {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program, String(seed)]);
  let output = "";
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
  await once(child, "close");
  return output;
}

test("a Simulation does the same in another process, byte for byte, for the same seed", async () => {
  const [first, second, other] = await Promise.all([runOf(7), runOf(7), runOf(8)]);
  expect(first).toMatch(/[0-9a-f]{16}\n$/u);
  expect(first).toContain("crash");
  expect(second).toBe(first);
  expect(other).not.toBe(first);
});
