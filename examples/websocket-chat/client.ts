import { ProtocolError, ResolverError } from "fata-morgana/devices";
import type { Clock, Console, Random, Stack } from "fata-morgana/devices";
import { connect } from "fata-morgana/net/websocket/client";
import type { WebSocketConnection } from "fata-morgana/net/websocket/connection";
import { WebSocketError } from "fata-morgana/net/websocket/errors";

/** What a client needs. */
export interface ClientDevices {
  readonly console: Console;
  readonly stack: Stack;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** A server that starts together with us may need a moment. */
const tries = 20;
const retryMs = 500;

/** Says each line that is typed, and prints what the others say. Returns the exit code. */
export async function talk(
  devices: ClientDevices,
  host: string,
  port: number,
  name: string,
): Promise<number> {
  const { console, signal, stack } = devices;
  const url = `ws://${host.includes(":") ? `[${host}]` : host}:${port}/?name=${encodeURIComponent(name)}`;
  try {
    await stack.configured(signal);
    const socket = await reach(devices, url);
    const leave = (): void => void socket.close(1001);
    signal.addEventListener("abort", leave, { once: true });
    void say(console, socket);
    for (let line = await socket.receive(); line !== undefined; line = await socket.receive()) {
      if (typeof line === "string") await console.writeLine(line);
    }
    const { code, reason, wasClean } = await socket.closed;
    await console.writeLine(reason === "" ? "The chat has ended" : `The chat has ended: ${reason}`);
    return wasClean && code <= 1001 ? 0 : 1;
  } catch (error) {
    if (!isExpected(error)) throw error;
    await console.writeLine(error.message);
    return 1;
  }
}

/** Says what is typed, until the end of input. */
async function say(console: Console, socket: WebSocketConnection): Promise<void> {
  const over = new AbortController();
  void socket.closed.then(() => over.abort());
  try {
    for (;;) {
      const line = await console.readLine(over.signal);
      if (line === undefined) break;
      if (line !== "") await socket.send(line);
    }
    await socket.close();
  } catch (error) {
    // The chat is over, which those who listen know too.
    if (!over.signal.aborted && !(error instanceof WebSocketError)) throw error;
  }
}

async function reach(devices: ClientDevices, url: string): Promise<WebSocketConnection> {
  const { clock, signal } = devices;
  for (let count = 1; ; count += 1) {
    try {
      return await connect({ ...devices, url });
    } catch (error) {
      const mayCome = error instanceof ProtocolError && error.code !== "closed";
      if (!mayCome || count === tries) throw error;
      await clock.sleep(retryMs, signal);
    }
  }
}

function isExpected(error: unknown): error is Error {
  return [ProtocolError, ResolverError, WebSocketError].some((kind) => error instanceof kind);
}
