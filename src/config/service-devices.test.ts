import { expect, test } from "vitest";
import type { HttpServer } from "../devices/index.ts";
import { Simulation } from "../simulated/index.ts";
import { SimulatedConsole } from "../simulated/console.ts";
import type { DeviceDescription, DriverContext } from "./device.ts";
import { genericStack } from "./network-devices.ts";
import { httpServer } from "./service-devices.ts";
import { bytesOf, MemoryTcp, settled } from "../../test/http-flows.ts";

/** Connects a server on connections in memory, and gives its console. */
async function serverOn(
  description: DeviceDescription<HttpServer>,
  tcp: MemoryTcp,
): Promise<{ readonly server: HttpServer; readonly console: SimulatedConsole }> {
  const simulation = new Simulation({ seed: 1, turn: () => settled(1) });
  const console = new SimulatedConsole(simulation, { name: "console" });
  const host = { target: "simulated", simulation, console: () => console } as const;
  const { signal } = new AbortController();
  const context: DriverContext = { host, unikernel: "any", args: {}, signal };
  const server = await description.connect(context, [{ tcp }, simulation.clock]);
  return { server, console };
}

test("httpServer() serves on a stack, within its limits, and shows what a handler threw", async () => {
  const description = httpServer(genericStack(), { limits: { lineBytes: 20 } });
  expect(description.needs.map(({ name }) => name)).toEqual(["stack", "clock"]);
  const tcp = new MemoryTcp();
  const { server, console } = await serverOn(description, tcp);
  server.serve(80, () => {
    throw new Error("out of ideas");
  });
  const client = tcp.open(80);
  client.peer?.arrive(bytesOf("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
  client.peer?.arrive(bytesOf("GET /a-target-that-is-too-long HTTP/1.1\r\n"));
  await settled();
  expect(client.peer?.text).toMatch(/^HTTP\/1\.1 500 [^]*HTTP\/1\.1 414 /);
  expect(console.output).toMatch(/^error http: Error: out of ideas\n/);
});
