import type { Clock } from "fata-morgana/devices";
import { TokenBucket } from "fata-morgana/net/token-bucket";
import type { WebSocketConnection } from "fata-morgana/net/websocket/connection";

/** What may wait for one member; who is further behind is dropped, and holds nobody up. */
const maxBufferedBytes = 65_536;

/** Lines that a member may say at once, and then each second. */
const burstLines = 20;
const linesPerSecond = 5;

/** Who is here, and hears what the others say. */
export class Room {
  readonly #members = new Map<string, WebSocketConnection>();
  readonly #clock: Clock;
  readonly #log: (line: string) => void;

  /** `log` is told who comes and goes, and why. */
  constructor(clock: Clock, log: (line: string) => void) {
    this.#clock = clock;
    this.#log = log;
  }

  get memberCount(): number {
    return this.#members.size;
  }

  /** Lets somebody in, and resolves when they have left. Never rejects. */
  async welcome(wantedName: string, socket: WebSocketConnection): Promise<void> {
    const name = this.#freeName(wantedName);
    const others = [...this.#members.keys()].join(", ");
    this.#members.set(name, socket);
    this.#tell(socket, `* Welcome, ${name}; ${others === "" ? "nobody else" : others} is here`);
    this.#tellOthers(name, `* ${name} joined`);
    this.#log(`${name} joined`);
    const why = await this.#listen(name, socket);
    this.#leave(name, socket, why);
  }

  /** Says goodbye to all, and resolves when they have heard it, or the time for that is over. */
  async close(): Promise<void> {
    const sockets = [...this.#members.values()];
    await Promise.all(sockets.map((socket) => socket.close(1001, "The chat is over")));
  }

  /** Passes on what a member says; resolves to why they left. */
  async #listen(name: string, socket: WebSocketConnection): Promise<string> {
    const lines = new TokenBucket(burstLines, linesPerSecond);
    try {
      for (let line = await socket.receive(); line !== undefined; line = await socket.receive()) {
        if (typeof line !== "string") void socket.close(1003, "Only text is said here");
        else if (!lines.take(this.#clock.monotonicMs())) void socket.close(1008, "Too many lines");
        else this.#tellOthers(name, `${name}: ${withoutControls(line)}`);
      }
      return "left";
    } catch (error) {
      return `was lost: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  #tellOthers(name: string, line: string): void {
    for (const [other, socket] of this.#members) if (other !== name) this.#tell(socket, line);
    for (const [other, socket] of this.#members) {
      if (socket.bufferedBytes <= maxBufferedBytes) continue;
      // 1013: try again later. It stands behind what waits; after the deadline all of it is dropped.
      void socket.close(1013, "Too slow for this chat");
      this.#leave(other, socket, "was too slow");
    }
  }

  #tell(socket: WebSocketConnection, line: string): void {
    // Who is gone shows where they are listened to.
    socket.send(line).catch(() => {});
  }

  #leave(name: string, socket: WebSocketConnection, why: string): void {
    if (this.#members.get(name) !== socket) return;
    this.#members.delete(name);
    this.#log(`${name} ${why}`);
    this.#tellOthers(name, `* ${name} left`);
  }

  #freeName(wanted: string): string {
    if (!this.#members.has(wanted)) return wanted;
    let number = 2;
    while (this.#members.has(`${wanted}-${number}`)) number += 1;
    return `${wanted}-${number}`;
  }
}

/** What would move the cursor of those who read it, or worse, is left out. */
export function withoutControls(text: string): string {
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f]/g, "");
}
