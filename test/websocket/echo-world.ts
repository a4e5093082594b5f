/** An echo server on a flow in memory, and a raw peer at the other end. */

import { setImmediate } from "node:timers/promises";
import { WebSocketConnection } from "../../src/net/websocket/connection.ts";
import type { WebSocketSettings } from "../../src/net/websocket/settings.ts";
import { Simulation } from "../../src/simulated/index.ts";
import { memoryFlows, type MemoryFlow } from "../http-flows.ts";
import { framesOf, sayingsOf } from "./raw-peer.ts";

/** What a connection is made with in tests. */
export interface WorldOptions extends WebSocketSettings {
  readonly side?: "client" | "server";
  readonly deflate?: boolean;
}

/** A connection, the flow below it, and the flow at the other end. */
export interface SocketWorld {
  readonly simulation: Simulation;
  readonly socket: WebSocketConnection;
  /** What the connection stands on. */
  readonly near: MemoryFlow;
  /** Where the raw peer writes. */
  readonly far: MemoryFlow;
  /** What the connection has said so far, and `end` if it has shut down writing. */
  readonly sayings: () => readonly string[];
}

export function socketWorld({ side = "server", ...options }: WorldOptions = {}): SocketWorld {
  const simulation = new Simulation({ seed: 1, turn: () => setImmediate() });
  const [near, far] = memoryFlows();
  const random = simulation.random("socket");
  const { clock } = simulation;
  const socket = new WebSocketConnection({ ...options, flow: near, clock, random, side });
  return {
    simulation,
    socket,
    near,
    far,
    sayings: () => [
      ...sayingsOf(framesOf(Buffer.concat(near.written))),
      ...(near.isAborted ? ["abort"] : near.isWriteShut ? ["end"] : []),
    ],
  };
}

/** Sends every message back, until there is no more. */
export async function echo(socket: WebSocketConnection): Promise<void> {
  try {
    for (;;) {
      const message = await socket.receive();
      if (message === undefined) break;
      await socket.send(message);
    }
  } catch {
    // What went wrong shows in what the peer hears.
  }
}

/** Lets everything happen that needs no time. */
export async function settle(): Promise<void> {
  await setImmediate();
  await setImmediate();
}

/** Turns the host's loop until something is so. */
export async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await setImmediate();
}

/** Lets frames arrive together. */
export function arrive({ near }: SocketWorld, ...frames: readonly Uint8Array[]): void {
  near.arrive(Uint8Array.from(Buffer.concat(frames)));
}

/** Lets virtual time pass. */
export function pass({ simulation }: SocketWorld, durationMs: number): Promise<void> {
  return simulation.run(() => simulation.clock.sleep(durationMs));
}

/** Lets the flow have no room until what is returned is called. */
export function holdUp({ near }: SocketWorld): () => void {
  let release = (): void => {};
  near.room = new Promise((resolve) => (release = resolve));
  return release;
}
