import type { Clock, Console, HttpServer, Random, Stack } from "fata-morgana/devices";
import { accept } from "fata-morgana/net/websocket/server";
import { Room, withoutControls } from "./room.ts";

/** What a server needs. */
export interface ServerDevices {
  readonly console: Console;
  readonly stack: Stack;
  readonly http: HttpServer;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

const maxMembers = 100;
const maxNameLength = 20;

/** For members: lines are short, and nobody waits long for those who do not go. */
const limits = { maxMessageBytes: 4096, receiveQueueBytes: 16_384, closeTimeoutMs: 2000 };

/** Runs a chat on a port until it is halted. */
export async function serve(devices: ServerDevices, port: number): Promise<void> {
  const { clock, console, http, random, signal, stack } = devices;
  const room = new Room(clock, (line) => void console.writeLine(line));
  http.serve(port, async (request, connection) => {
    if (room.memberCount >= maxMembers) return new Response("It is full\n", { status: 503 });
    const socket = await accept(request, connection, { clock, random, ...limits });
    if (socket instanceof Response) return socket;
    void room.welcome(nameIn(request.url), socket);
    return undefined;
  });
  const tell = (addresses: readonly string[]): void => {
    const where = addresses.length === 0 ? "no address yet" : addresses.join(", ");
    void console.writeLine(`Chat on port ${port}, at ${where}`);
  };
  stack.onAddressesChange(tell);
  tell(stack.addresses);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
  await room.close();
}

/** The name that a client wants, from `?name=` of its URL. */
function nameIn(url: string): string {
  const name = withoutControls(new URL(url).searchParams.get("name") ?? "").trim();
  return name.slice(0, maxNameLength) || "guest";
}
