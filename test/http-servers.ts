/** Servers that a test plays itself, byte by byte, for clients of HTTP. */

import { ProtocolError } from "../src/devices/errors.ts";
import type { Stack } from "../src/devices/index.ts";
import type { Simulation } from "../src/simulated/index.ts";
import { httpSimulation, MemoryFlow, textOf } from "./http-flows.ts";

/** A connection as its server sees it. */
export class Served {
  /** What the client has written to. */
  readonly client: MemoryFlow;
  readonly host: string;
  #read = 0;

  constructor(client: MemoryFlow, host: string) {
    this.client = client;
    this.host = host;
  }

  /** What the client wrote since the last time. */
  request(): string {
    const written = this.client.written.slice(this.#read);
    this.#read = this.client.written.length;
    return written.map(textOf).join("");
  }

  /** Sends lines with CRLF between them, as they are. */
  answer(...lines: readonly string[]): void {
    this.client.arrive(lines.join("\r\n"));
  }

  /** Sends a response whose body has a length. */
  reply(body: string, ...fields: readonly string[]): void {
    this.answer("HTTP/1.1 200 OK", `content-length: ${body.length}`, ...fields, "", body);
  }
}

/** A stack whose connections a test serves. */
export class FakeServers {
  readonly simulation: Simulation = httpSimulation();
  readonly connections: Served[] = [];
  /** Hosts that refuse connections. */
  readonly refusing = new Set<string>();
  /** Called for each connection, at once. */
  onConnect: (served: Served) => void = () => {};
  /** What connecting waits for. */
  connecting: Promise<void> = Promise.resolve();
  #passing: Promise<void> = Promise.resolve();

  readonly stack: Pick<Stack, "connect"> = {
    connect: async (host, port, options = {}) => {
      const { signal } = options;
      await Promise.race([this.connecting, abortOf(signal)]);
      signal?.throwIfAborted();
      if (this.refusing.has(host)) throw new ProtocolError("refused", `${host} refuses`);
      const served = new Served(new MemoryFlow(), `${host}:${port}`);
      this.connections.push(served);
      this.onConnect(served);
      return served.client;
    },
  };

  /** The connection that was made last. */
  get last(): Served {
    const served = this.connections.at(-1);
    if (served === undefined) throw new Error("There is no connection");
    return served;
  }

  /** Lets everything happen that waits for nothing. */
  settle(): Promise<void> {
    return this.pass(0);
  }

  /** Lets time pass, once others who let it pass are done. */
  async pass(ms: number): Promise<void> {
    const before = this.#passing;
    const pass = async (): Promise<void> => {
      await before;
      await this.simulation.run(() => this.simulation.clock.sleep(ms));
    };
    this.#passing = pass();
    await this.#passing;
  }
}

function abortOf(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((_resolve, reject) => {
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
