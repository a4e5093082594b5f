import type { Datagram, Udp, UdpSocket } from "../../src/devices/index.ts";

/** UDP whose datagrams a test carries: what is sent is kept, what is delivered comes from one peer. */
export class Datagrams implements Udp {
  readonly counters = {};
  readonly sent: Uint8Array[] = [];
  /** Gives a datagram to whom the last socket that was bound listens or waits. */
  deliver: (bytes: Uint8Array) => void = () => {};
  readonly #from: Datagram["from"];

  constructor(from: Datagram["from"]) {
    this.#from = from;
  }

  bind(): UdpSocket {
    let receiver: ((datagram: Datagram) => void) | undefined;
    const queue: Uint8Array[] = [];
    let wake = (): void => {};
    const datagram = (bytes: Uint8Array): Datagram => {
      return { bytes, from: this.#from, to: "10.0.0.53", timeToLive: 255 };
    };
    this.deliver = (bytes) => {
      if (receiver === undefined) queue.push(bytes);
      else receiver(datagram(bytes));
      wake();
    };
    return {
      counters: {},
      local: { address: "0.0.0.0", port: 53 },
      send: (bytes) => void this.sent.push(bytes.slice()),
      listen: (given) => void (receiver = given),
      join: () => () => {},
      receive: async (signal) => {
        for (;;) {
          signal?.throwIfAborted();
          const bytes = queue.shift();
          if (bytes !== undefined) return datagram(bytes);
          const stop = (): void => wake();
          signal?.addEventListener("abort", stop);
          await new Promise<void>((resolve) => (wake = resolve));
          signal?.removeEventListener("abort", stop);
        }
      },
      [Symbol.asyncDispose]: async () => {},
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}
