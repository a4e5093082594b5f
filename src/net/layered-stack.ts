/** A {@link Stack} of layers that somebody connected: what their faces have in common. */

import { ProtocolError } from "../devices/errors.ts";
import type {
  Clock,
  Device,
  Icmp,
  Ip,
  Resolver,
  Stack,
  Tcp,
  TcpFlow,
  TcpOptions,
  Udp,
} from "../devices/index.ts";
import { connectByName } from "./happy-eyeballs.ts";
import { Listeners } from "./listeners.ts";

/** A layer of IP that says when its addresses change. */
export interface AddressedIp extends Ip {
  /** Calls `listener` after each change of {@link Ip.addresses}; returns what stops it. */
  onAddressesChange(listener: (addresses: readonly string[]) => void): () => void;
}

/** The layers of a stack, which stay their owner's. */
export interface StackLayers {
  readonly v4?: AddressedIp | undefined;
  readonly v6?: AddressedIp | undefined;
  readonly icmp?: Icmp | undefined;
  readonly udp: Udp;
  readonly tcp: Tcp;
  readonly resolver: Resolver;
  readonly clock: Clock;
  /** Devices below, by name, whose counters are shown before those of the layers. */
  readonly below?: Readonly<Record<string, Device>>;
  /** Waits as {@link Stack.configured}; by default for any address. */
  readonly configured?: () => Promise<void>;
  /** Called once, when the stack is disposed. */
  readonly dispose?: () => Promise<void>;
}

/** Makes a stack of layers. Disposing it leaves them to their owner. */
export function stackOf(layers: StackLayers): Stack {
  return new LayeredStack(layers);
}

class LayeredStack implements Stack {
  readonly counters: Readonly<Record<string, number>>;
  readonly ip: { readonly v4: Ip | undefined; readonly v6: Ip | undefined };
  readonly icmp: Icmp | undefined;
  readonly udp: Udp;
  readonly tcp: Tcp;
  readonly resolver: Resolver;
  addresses: readonly string[];
  readonly #layers: StackLayers;
  readonly #changes = new Listeners<readonly string[]>();
  readonly #closings = new Listeners<ProtocolError>();
  readonly #stops: (() => void)[];
  #closing: Promise<void> | undefined;

  constructor(layers: StackLayers) {
    const { v4, v6, icmp, udp, tcp, resolver, below } = layers;
    this.#layers = layers;
    this.ip = { v4, v6 };
    this.icmp = icmp;
    this.udp = udp;
    this.tcp = tcp;
    this.resolver = resolver;
    this.counters = countersOf({ ...below, ipv4: v4, ipv6: v6, icmp, udp, tcp, resolver });
    const ips = [v4, v6].filter((ip) => ip !== undefined);
    const all = (): readonly string[] => ips.flatMap((ip) => ip.addresses);
    this.addresses = all();
    this.#stops = ips.map((ip) =>
      ip.onAddressesChange(() => {
        this.addresses = all();
        this.#changes.call(this.addresses);
      }),
    );
  }

  onAddressesChange(listener: (addresses: readonly string[]) => void): () => void {
    return this.#changes.add(listener);
  }

  async configured(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (this.#closing !== undefined) throw closedError();
    const stops: (() => void)[] = [];
    const ended = new Promise<void>((resolve, reject) => {
      const aborted = (): void => reject(signal?.reason);
      signal?.addEventListener("abort", aborted);
      stops.push(() => signal?.removeEventListener("abort", aborted), this.#closings.add(reject));
      if (this.#layers.configured !== undefined) return;
      if (this.addresses.length > 0) resolve();
      stops.push(this.#changes.add(() => resolve()));
    });
    try {
      const waits = this.#layers.configured?.();
      await (waits === undefined ? ended : Promise.race([ended, waits]));
    } finally {
      for (const stop of stops) stop();
    }
  }

  connect(
    host: string,
    port: number,
    options?: TcpOptions & { readonly signal?: AbortSignal },
  ): Promise<TcpFlow> {
    return connectByName(this.#layers, host, port, options);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.#closings.call(closedError());
    for (const stop of this.#stops) stop();
    this.#changes.clear();
    await this.#layers.dispose?.();
  }
}

function closedError(): ProtocolError {
  return new ProtocolError("closed", "Cannot wait for an address: the stack was disposed");
}

/** The counters of all layers, each with its layer's name before its own. */
function countersOf(
  layers: Readonly<Record<string, Device | undefined>>,
): Readonly<Record<string, number>> {
  const counters = {};
  for (const [layer, device] of Object.entries(layers)) {
    for (const name of Object.keys(device?.counters ?? {})) {
      const key = layer + name.charAt(0).toUpperCase() + name.slice(1);
      Object.defineProperty(counters, key, { get: () => device?.counters[name], enumerable: true });
    }
  }
  return counters;
}
