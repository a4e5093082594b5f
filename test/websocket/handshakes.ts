/** Handshakes with one side written by hand. */

import type { Flow, HttpConnection } from "../../src/devices/index.ts";
import { acceptKey } from "../../src/net/websocket/handshake.ts";
import { upgrade, type UpgradeOptions } from "../../src/net/websocket/client.ts";
import type { WebSocketConnection } from "../../src/net/websocket/connection.ts";
import { accept, type AcceptOptions } from "../../src/net/websocket/server.ts";
import { Simulation } from "../../src/simulated/index.ts";
import { memoryFlows, textOf, type MemoryFlow } from "../http-flows.ts";
import { settle } from "./echo-world.ts";

const sampleKey = "dGhlIHNhbXBsZSBub25jZQ==";

/** What a client of our own kind asks with. */
export const asked: Readonly<Record<string, string>> = {
  host: "server.example",
  upgrade: "websocket",
  connection: "keep-alive, Upgrade",
  "sec-websocket-key": sampleKey,
  "sec-websocket-version": "13",
};

/** What a server said: the headers of its 101 and the connection, or another response. */
export interface Accepted {
  readonly status: number;
  readonly headers: Headers;
  readonly socket: WebSocketConnection | undefined;
  /** The client's end of the flow. */
  readonly far: MemoryFlow;
}

/** Asks our server, with headers that differ from {@link asked}; an empty one is left out. */
export async function ask(
  headers: Readonly<Record<string, string>> = {},
  options: Partial<AcceptOptions> = {},
  method: string = "GET",
): Promise<Accepted> {
  const { clock, random } = devicesOf();
  const [near, far] = memoryFlows();
  let answer = new Headers();
  const connection: HttpConnection = {
    local: near.local,
    remote: near.remote,
    httpVersion: "1.1",
    async upgrade(headers): Promise<Flow> {
      answer = headers;
      return near;
    },
  };
  const sent = Object.entries({ ...asked, ...headers }).filter(([, value]) => value !== "");
  // The host's own Request drops what a page must not forge; a server's has all of it.
  const request = { method, headers: new Headers(sent) } as Request;
  const result = await accept(request, connection, { clock, random, ...options });
  return result instanceof Response
    ? { status: result.status, headers: result.headers, socket: undefined, far }
    : { status: 101, headers: answer, socket: result, far };
}

/** What our client asked, and how it took the answer. */
export interface Upgraded {
  /** Its request, a line each. */
  readonly request: readonly string[];
  readonly simulation: Simulation;
  readonly near: MemoryFlow;
  readonly far: MemoryFlow;
  /** Resolves to the connection, or to what went wrong. */
  readonly result: Promise<unknown>;
}

/** Lets our client ask, and answers with lines; `KEY` in them is what its key calls for. */
export async function answer(
  lines: readonly string[] | undefined,
  options: Partial<UpgradeOptions> = {},
): Promise<Upgraded> {
  const { clock, random, simulation } = devicesOf();
  const [near, far] = memoryFlows();
  const url = "ws://server.example/chat?room=1";
  const opening = upgrade(near, { clock, random, url, ...options });
  const result = opening.catch((error: unknown) => error);
  await settle();
  const request = textOf(near.written[0]).split("\r\n");
  const key = request.find((line) => line.startsWith("Sec-WebSocket-Key: "))?.slice(19) ?? "";
  if (lines !== undefined) near.arrive(lines.join("\r\n").replace("KEY", acceptKey(key)));
  return { request, simulation, near, far, result };
}

/** The lines of an answer that a client takes, with other headers in between. */
export function switching(...headers: readonly string[]): readonly string[] {
  return [
    "HTTP/1.1 101 Switching Protocols",
    "Upgrade: websocket",
    "Connection: Upgrade",
    "Sec-WebSocket-Accept: KEY",
    ...headers,
    "",
    "",
  ];
}

function devicesOf(): Pick<AcceptOptions, "clock" | "random"> & { simulation: Simulation } {
  const turn = (): Promise<void> => settle();
  const simulation = new Simulation({ seed: 1, turn });
  return { simulation, clock: simulation.clock, random: simulation.random("keys") };
}
