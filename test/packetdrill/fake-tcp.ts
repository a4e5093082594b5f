/**
 * A TCP that knows hardly more than handshakes, in-order data and resets: enough to see that the
 * interpreter tells right from wrong, whatever the stack does.
 */

import {
  FlowError,
  ProtocolError,
  type Ip,
  type ReceivedPacket,
  type Tcp,
  type TcpFlow,
} from "../../src/devices/index.ts";
import type { Parts } from "./run.ts";
import type { OptionSpec } from "./script.ts";
import { decode, encode, type Segment } from "./wire.ts";

/**
 * Makes one connection at a time, over whichever version of IP there is. A faulty one sends zeros
 * for what is written.
 */
export function connect({ ipv4, ipv6, random }: Parts, isFaulty: boolean = false): Tcp {
  const ip = ipv4 ?? ipv6;
  if (ip === undefined) throw new TypeError("Cannot speak TCP without IP");
  return new FakeTcp(ip, random.uint32(), isFaulty);
}

type Wake = () => void;

class FakeTcp implements Tcp {
  readonly counters = {};
  readonly #ip: Ip;
  readonly #isn: number;
  readonly #isFaulty: boolean;
  #accept: ((flow: TcpFlow) => void) | undefined;
  #listeningPort = 0;
  #localPort = 0;
  #remotePort = 0;
  #sndNxt = 0;
  #rcvNxt = 0;
  #input: Uint8Array[] = [];
  #isEnded = false;
  #error: string | undefined;
  #isEstablished = false;
  #wake: Wake = () => {};

  constructor(ip: Ip, isn: number, isFaulty: boolean) {
    this.#ip = ip;
    this.#isn = isn;
    this.#isFaulty = isFaulty;
    ip.listen(6, (packet) => this.#receive(packet));
  }

  async connect(
    to: { readonly port: number },
    options?: { signal?: AbortSignal },
  ): Promise<TcpFlow> {
    this.#localPort = 50_000;
    this.#remotePort = to.port;
    this.#sndNxt = this.#isn;
    this.#send("S", 0, [{ kind: "mss", value: 1460 }]);
    options?.signal?.addEventListener("abort", () => this.#wake());
    while (!this.#isEstablished && this.#error === undefined) {
      options?.signal?.throwIfAborted();
      await this.#change();
    }
    if (this.#error !== undefined) throw new ProtocolError("refused", "Cannot connect: refused");
    return this.#flow();
  }

  listen(port: number, accept: (flow: TcpFlow) => void): ReturnType<Tcp["listen"]> {
    this.#listeningPort = port;
    this.#accept = accept;
    const close = async (): Promise<void> => void (this.#accept = undefined);
    return { counters: {}, local: { address: "", port }, [Symbol.asyncDispose]: close };
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #receive({ payload, source, destination }: ReceivedPacket): void {
    const segment = decode(payload, source, destination);
    if (segment.flags === "S") return this.#answerSyn(segment);
    if (segment.flags.includes("R")) {
      this.#error = "reset";
      return this.#wake();
    }
    if (segment.flags === ".S") {
      this.#rcvNxt = (segment.sequence + 1) >>> 0;
      this.#send(".", 0);
    }
    if (!this.#isEstablished) this.#establish();
    if (segment.payload.length > 0) this.#input.push(segment.payload);
    this.#isEnded ||= segment.flags.includes("F");
    const taken = segment.payload.length + Number(segment.flags.includes("F"));
    this.#rcvNxt = (this.#rcvNxt + taken) >>> 0;
    if (taken > 0) this.#send(".", 0);
    this.#wake();
  }

  #answerSyn({ sequence, sourcePort, destinationPort }: Segment): void {
    this.#localPort = destinationPort;
    this.#remotePort = sourcePort;
    this.#rcvNxt = (sequence + 1) >>> 0;
    const isOpen = this.#accept !== undefined && destinationPort === this.#listeningPort;
    this.#sndNxt = isOpen ? this.#isn : 0;
    this.#send(isOpen ? ".S" : ".R", 0, isOpen ? [{ kind: "mss", value: 1460 }] : []);
  }

  #establish(): void {
    this.#isEstablished = true;
    this.#accept?.(this.#flow());
  }

  #send(
    flags: string,
    length: number,
    options: readonly OptionSpec[] = [],
    data?: Uint8Array,
  ): void {
    const { remote, local } = this.#addresses();
    const hasAck = flags.includes(".");
    const segment: Segment = {
      sourcePort: this.#localPort,
      destinationPort: this.#remotePort,
      sequence: this.#sndNxt,
      acknowledgment: hasAck ? this.#rcvNxt : 0,
      flags,
      windowField: flags.includes("R") ? 0 : 65_535,
      urgentPointer: 0,
      options,
      payload: data ?? new Uint8Array(length),
    };
    const bytes = encode(segment, local, remote);
    this.#ip.write(remote, 6, bytes.length, (into) => (into.set(bytes), bytes.length));
    this.#sndNxt = (this.#sndNxt + segment.payload.length + Number(/[SF]/.test(flags))) >>> 0;
  }

  #addresses(): { readonly remote: Uint8Array; readonly local: Uint8Array } {
    const remote = Uint8Array.from(
      this.#ip.version === 4
        ? [192, 0, 2, 1]
        : [0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
    );
    return { remote, local: this.#ip.sourceFor(remote) ?? remote };
  }

  #change(): Promise<void> {
    return new Promise((resolve) => (this.#wake = resolve));
  }

  async #read(signal?: AbortSignal): Promise<Uint8Array | undefined> {
    signal?.addEventListener("abort", () => this.#wake());
    for (;;) {
      signal?.throwIfAborted();
      const bytes = this.#input.shift();
      if (bytes !== undefined) return bytes;
      if (this.#error !== undefined) throw new FlowError("reset", "Cannot read: reset");
      if (this.#isEnded) return undefined;
      await this.#change();
    }
  }

  #flow(): TcpFlow {
    let isShut = false;
    const end = async (): Promise<void> => {
      if (!isShut && this.#error === undefined) this.#send(".F", 0);
      isShut = true;
    };
    const stream = (): never => {
      throw new TypeError("Cannot make a stream: scripts use calls");
    };
    return {
      counters: {},
      local: { address: "", port: this.#localPort },
      remote: { address: "", port: this.#remotePort },
      read: (signal) => this.#read(signal),
      write: async (bytes) => {
        if (isShut) throw new FlowError("closed", "Cannot write: shut down");
        this.#send(".P", bytes.length, [], this.#isFaulty ? undefined : bytes);
      },
      shutdown: (direction) => (direction === "read" ? Promise.resolve() : end()),
      abort: () => this.#send(".R", 0),
      get readable() {
        return stream();
      },
      get writable() {
        return stream();
      },
      [Symbol.asyncDispose]: end,
    };
  }
}
