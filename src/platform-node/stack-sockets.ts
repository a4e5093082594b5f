/** The kernel's own stack behind the signatures of ours, as MirageOS has it with `--net=socket`. */

import { networkInterfaces } from "node:os";
import type { Resolver, Stack, Tcp, TcpFlow, TcpOptions, Udp } from "../devices/index.ts";
import { ProtocolError } from "../devices/errors.ts";
import { SystemResolver } from "./sockets-resolver.ts";
import { SocketTcp } from "./sockets-tcp.ts";
import { SocketUdp } from "./sockets-udp.ts";

/** How the stack is connected. */
export interface StackSocketsOptions {
  /** Whom the resolver asks for records (`10.0.0.1`, `[::1]:53`); the system's by default. */
  readonly servers?: readonly string[];
}

/** How often somebody who wants to know of changes is told of them: Node has no event for that. */
const lookEveryMs = 2_000;

/** Connects to the kernel's sockets. There are no layers of ours below, and no raw ICMP. */
export function connect(options: StackSocketsOptions = {}): Stack {
  return new SocketsStack(options);
}

class SocketsStack implements Stack {
  readonly counters = {};
  readonly ip = { v4: undefined, v6: undefined };
  readonly icmp = undefined;
  readonly udp: Udp = new SocketUdp();
  readonly tcp: Tcp;
  readonly resolver: Resolver;
  readonly #tcp = new SocketTcp();
  readonly #listeners = new Set<{ readonly call: (addresses: readonly string[]) => void }>();
  #addresses: readonly string[] = [];
  #timer: NodeJS.Timeout | undefined;
  #closing: Promise<void> | undefined;

  constructor({ servers }: StackSocketsOptions) {
    this.tcp = this.#tcp;
    this.resolver = new SystemResolver(servers);
  }

  get addresses(): readonly string[] {
    const addresses = ownAddresses();
    if (addresses.join() !== this.#addresses.join()) this.#addresses = addresses;
    return this.#addresses;
  }

  onAddressesChange(listener: (addresses: readonly string[]) => void): () => void {
    const entry = { call: listener };
    this.#listeners.add(entry);
    let known = this.addresses;
    this.#timer ??= setInterval(() => {
      if (this.addresses === known) return;
      known = this.addresses;
      for (const { call } of this.#listeners) call(known);
    }, lookEveryMs).unref();
    return () => {
      this.#listeners.delete(entry);
      if (this.#listeners.size === 0) this.#stopLooking();
    };
  }

  /** The kernel's configuration is not ours to wait for: what it has now is what there is. */
  async configured(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#closing !== undefined) {
      throw new ProtocolError("closed", "Cannot wait for an address: the stack was disposed");
    }
  }

  async connect(
    host: string,
    port: number,
    options: TcpOptions & { readonly signal?: AbortSignal } = {},
  ): Promise<TcpFlow> {
    const { signal } = options;
    const addresses = await this.resolver.resolve(host, signal === undefined ? {} : { signal });
    return this.#tcp.connectAny(addresses, port, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#stopLooking();
    const layers = [this.tcp, this.udp, this.resolver];
    await Promise.all(layers.map((layer) => layer[Symbol.asyncDispose]()));
  }

  #stopLooking(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** The addresses of all interfaces, those that others can reach first. */
function ownAddresses(): readonly string[] {
  const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return all
    .toSorted((one, other) => Number(one.internal) - Number(other.internal))
    .flatMap(({ cidr }) => cidr ?? []);
}
