/**
 * Who has which address: at most one for each client of a network, and one client for each address.
 *
 * An offer holds its address for a few seconds only, and gives way when there is nothing else; an
 * address that was leased is kept for its client, after the lease too, until somebody else needs
 * it. Nothing that a stranger sends takes a lease away that has not ended.
 */

import type { Client } from "./identity.ts";
import type { Subnet } from "./subnet.ts";

/** An address and its client. Times are of the monotonic clock. */
export interface Binding {
  readonly subnet: Subnet;
  readonly address: number;
  readonly client: Client;
  /** What the client calls itself, or is to. */
  hostName: string | undefined;
  /** When the lease ends or ended; −Infinity if there was none. */
  leaseUntilMs: number;
  /** Until when the address is kept because it was offered. */
  offeredUntilMs: number;
  /** Whether it is being probed, or written down. */
  isBusy: boolean;
  /** Whether something is kept under its address: of this client, or of one before it. */
  isStored: boolean;
}

/** How much there may be. */
export interface BindingLimits {
  /** The most addresses that are remembered. */
  readonly maxBindings: number;
  /** How long an address that somebody else uses is not given. */
  readonly asideMs: number;
  /** Called with an address that is forgotten, if something is kept under it. */
  readonly forget: (address: number) => void;
}

/** The most addresses of a network that are put aside: half of it. */
const maxAsideShare = 0.5;

export class Bindings {
  readonly #limits: BindingLimits;
  readonly #byAddress = new Map<number, Binding>();
  readonly #byClient = new Map<string, Binding>();
  /** Addresses that somebody else uses: until when, the earliest first. */
  readonly #aside = new Map<number, { readonly subnet: Subnet; readonly untilMs: number }>();

  constructor(limits: BindingLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#byAddress.size;
  }

  get asideCount(): number {
    return this.#aside.size;
  }

  /** The binding of a client on a network. */
  of(subnet: Subnet, { key }: Client): Binding | undefined {
    return this.#byClient.get(clientKey(subnet, key));
  }

  /** All bindings, those whose leases ended too. */
  all(): Iterable<Binding> {
    return this.#byAddress.values();
  }

  /** Whether the client may have this address: it is free, and nothing else is meant for it. */
  mayHave(subnet: Subnet, address: number, client: Client, nowMs: number): boolean {
    if (!subnet.contains(address) || this.isAside(address, nowMs)) return false;
    const holder = this.#byAddress.get(address);
    const isHeld = holder !== undefined && isKept(holder, nowMs);
    if (isHeld && holder.client.key !== client.key) return false;
    const reserved = subnet.reservationOf(client)?.address;
    if (reserved === address) return true;
    return (
      subnet.mayGive(address) && (reserved === undefined || this.#isLost(reserved, client, nowMs))
    );
  }

  /**
   * Finds an address for a client: what is reserved for it, what it has or had, what it asks for,
   * one that is new, and last one that others had, or were offered (RFC 2131, 4.3.1). It is not
   * the client's before {@link take}. `undefined` if there is none.
   */
  choose(
    subnet: Subnet,
    client: Client,
    requested: number | undefined,
    nowMs: number,
  ): number | undefined {
    const wishes = [
      subnet.reservationOf(client)?.address,
      this.of(subnet, client)?.address,
      requested,
    ];
    for (const address of wishes) {
      if (address !== undefined && this.mayHave(subnet, address, client, nowMs)) return address;
    }
    return this.#newAddress(subnet, client, nowMs) ?? this.#oldAddress(subnet, client, nowMs);
  }

  /**
   * Makes an address the client's, and takes any other from it. `undefined` if all bindings that
   * there may be are needed.
   */
  take(subnet: Subnet, address: number, client: Client, nowMs: number): Binding | undefined {
    const known = this.#byAddress.get(address);
    if (known?.client.key === client.key) return known;
    const former = this.of(subnet, client);
    if (former !== undefined) this.drop(former);
    if (known !== undefined) this.#unlink(known);
    const isStored = known?.isStored ?? false;
    if (this.#byAddress.size >= this.#limits.maxBindings && !this.#makeRoom(nowMs))
      return undefined;
    const binding: Binding = {
      subnet,
      address,
      client,
      hostName: undefined,
      leaseUntilMs: -Infinity,
      offeredUntilMs: -Infinity,
      isBusy: false,
      isStored,
    };
    this.#byAddress.set(address, binding);
    this.#byClient.set(clientKey(subnet, client.key), binding);
    return binding;
  }

  /** Forgets a binding. */
  drop(binding: Binding): void {
    this.#unlink(binding);
    if (binding.isStored) this.#limits.forget(binding.address);
  }

  #unlink(binding: Binding): void {
    const key = clientKey(binding.subnet, binding.client.key);
    if (this.#byAddress.get(binding.address) === binding) this.#byAddress.delete(binding.address);
    if (this.#byClient.get(key) === binding) this.#byClient.delete(key);
  }

  /** Keeps an address from being given for a while: somebody else uses it. */
  putAside({ subnet, address }: Binding, nowMs: number): void {
    this.#aside.delete(address);
    const others = [...this.#aside].filter(([, each]) => each.subnet === subnet);
    // Who declines everything must not be able to leave nothing for others.
    const [first] = others;
    const isFull = others.length + 1 > Math.max(1, subnet.poolSize * maxAsideShare);
    if (isFull && first !== undefined) this.#aside.delete(first[0]);
    this.#aside.set(address, { subnet, untilMs: nowMs + this.#limits.asideMs });
  }

  isAside(address: number, nowMs: number): boolean {
    const aside = this.#aside.get(address);
    if (aside === undefined) return false;
    if (nowMs < aside.untilMs) return true;
    this.#aside.delete(address);
    return false;
  }

  /** Whether another client has what is reserved for this one, since before it was. */
  #isLost(address: number, { key }: Client, nowMs: number): boolean {
    const holder = this.#byAddress.get(address);
    const isTaken = holder !== undefined && holder.client.key !== key && isKept(holder, nowMs);
    return isTaken || this.isAside(address, nowMs);
  }

  /** One that nobody has had: where a client's search begins is always the same. */
  #newAddress(subnet: Subnet, { key }: Client, nowMs: number): number | undefined {
    const { poolSize } = subnet;
    const used = this.#byAddress.size + this.#aside.size + subnet.exceptionCount;
    const start = hash(key);
    for (let count = 0; count < Math.min(poolSize, used + 1); count += 1) {
      const address = subnet.addressAt((start + count) % poolSize);
      const holder = this.#byAddress.get(address);
      const isNew = holder === undefined || isVoid(holder, nowMs);
      if (isNew && subnet.mayGive(address) && !this.isAside(address, nowMs)) return address;
    }
    return undefined;
  }

  /** The one whose lease ended first, or that was offered first if there is none. */
  #oldAddress(subnet: Subnet, client: Client, nowMs: number): number | undefined {
    let best: Binding | undefined;
    for (const binding of this.#byAddress.values()) {
      if (binding.subnet !== subnet || binding.isBusy || binding.leaseUntilMs > nowMs) continue;
      if (!subnet.mayGive(binding.address) || this.isAside(binding.address, nowMs)) continue;
      if (binding.client.key !== client.key && (best === undefined || isOlder(binding, best))) {
        best = binding;
      }
    }
    return best?.address;
  }

  #makeRoom(nowMs: number): boolean {
    let victim: Binding | undefined;
    for (const binding of this.#byAddress.values()) {
      if (binding.isBusy || binding.leaseUntilMs > nowMs) continue;
      if (isVoid(binding, nowMs)) this.drop(binding);
      else if (victim === undefined || isOlder(binding, victim)) victim = binding;
    }
    if (this.#byAddress.size < this.#limits.maxBindings) return true;
    if (victim !== undefined) this.drop(victim);
    return victim !== undefined;
  }
}

/** Whether there is a lease that has not ended. */
export function isLeased({ leaseUntilMs }: Binding, nowMs: number): boolean {
  return leaseUntilMs > nowMs;
}

/** Whether there was a lease at all. */
export function wasLeased({ leaseUntilMs }: Binding): boolean {
  return leaseUntilMs > -Infinity;
}

/** Whether the address is kept for its client now. */
function isKept(binding: Binding, nowMs: number): boolean {
  return binding.isBusy || isLeased(binding, nowMs) || binding.offeredUntilMs > nowMs;
}

/** Whether it says nothing: it was offered once, and not taken. */
function isVoid(binding: Binding, nowMs: number): boolean {
  return !isKept(binding, nowMs) && !wasLeased(binding);
}

/** Those that are offered come last. */
function isOlder(one: Binding, other: Binding): boolean {
  const difference = one.offeredUntilMs - other.offeredUntilMs;
  if (Number.isNaN(difference) || difference === 0) return one.leaseUntilMs < other.leaseUntilMs;
  return difference < 0;
}

function clientKey({ network }: Subnet, key: string): string {
  return `${network} ${key}`;
}

/** A number of 32 bits that is well spread (FNV-1a). */
function hash(text: string): number {
  let value = 0x811c_9dc5;
  for (let index = 0; index < text.length; index += 1) {
    value = Math.imul(value ^ text.charCodeAt(index), 0x0100_0193);
  }
  return value >>> 0;
}
