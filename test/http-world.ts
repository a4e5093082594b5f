/** A server with clients in memory, for tests of how it behaves. */

import type { HttpHandler, HttpServer, TcpListener } from "../src/devices/index.ts";
import { connect, type ServerLimits } from "../src/net/http/server.ts";
import type { Simulation } from "../src/simulated/index.ts";
import { httpSimulation, MemoryTcp, settled, textOf, type MemoryFlow } from "./http-flows.ts";

/** A client that says what it is told to, byte by byte. */
export interface RawClient {
  readonly flow: MemoryFlow;
  /** Sends bytes, and gives all that has come back since it was last asked. */
  send(text: string): Promise<string>;
  /** Whether the server has ended the stream, or aborted it. */
  state(): "open" | "ended" | "aborted";
}

/** A server, and what its clients need. */
export interface HttpWorld {
  readonly simulation: Simulation;
  readonly server: HttpServer;
  readonly listener: TcpListener;
  /** What handlers threw. */
  readonly failures: unknown[];
  open(): RawClient;
  /** Opens a connection for one exchange. */
  exchange(text: string): Promise<string>;
  /** Lets time pass. */
  wait(durationMs: number): Promise<void>;
}

export function httpWorld(
  handler: HttpHandler,
  limits: Partial<ServerLimits> = {},
  simulation: Simulation = httpSimulation(),
): HttpWorld {
  const tcp = new MemoryTcp();
  const failures: unknown[] = [];
  const failed = (error: unknown): void => void failures.push(error);
  const server = connect({ tcp, clock: simulation.clock, limits, failed });
  const listener = server.serve(80, handler);
  const open = (): RawClient => clientOf(tcp.open(80));
  return {
    simulation,
    server,
    listener,
    failures,
    open,
    exchange: (text) => open().send(text),
    wait: (durationMs) => simulation.run(async () => simulation.clock.sleep(durationMs)),
  };
}

function clientOf(flow: MemoryFlow): RawClient {
  let received = "";
  let state: "open" | "ended" | "aborted" = "open";
  const listen = async (): Promise<void> => {
    try {
      for (let bytes = await flow.read(); bytes !== undefined; bytes = await flow.read()) {
        received += textOf(bytes);
      }
      state = "ended";
    } catch {
      state = "aborted";
    }
  };
  void listen();
  return {
    flow,
    async send(text) {
      if (text !== "") flow.peer?.arrive(text);
      await settled();
      const taken = received;
      received = "";
      return taken;
    },
    state: () => state,
  };
}
