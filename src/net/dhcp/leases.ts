/** The bindings of a server over time: written down before they hold, and at an end when it comes. */

import type { Clock } from "../../devices/index.ts";
import { isName } from "../dns/name.ts";
import { toNumber } from "../ipv4/address.ts";
import { Listeners } from "../listeners.ts";
import { timersOf, type Timer, type Timers } from "../timers.ts";
import { Bindings, isLeased, wasLeased, type Binding } from "./bindings.ts";
import { keyOf, type Client } from "./identity.ts";
import { encodeLease, maxNameBytes, readLeases, type LeaseStore } from "./lease-store.ts";
import { textOf, type Subnet } from "./subnet.ts";

/** How leases are kept. */
export interface LeaseOptions {
  /** Where they survive the server; without it, they do not. It is not disposed. */
  readonly store?: LeaseStore | undefined;
  /** The most addresses that are remembered, leased or not; 1,024 by default. */
  readonly maxLeases?: number | undefined;
  /** How long an address is kept for whom it was offered to; 10,000 by default. */
  readonly offerMs?: number | undefined;
  /** How long an address that somebody else uses is not given; 600,000 by default. */
  readonly asideMs?: number | undefined;
}

/** The most leases that are being written: a disk may be slower than clients are. */
const maxWrites = 64;

export class Leases {
  /** Entries of the store that made no sense. */
  damagedCount = 0;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #timer: Timer;
  readonly #options: LeaseOptions;
  readonly #bindings: Bindings;
  readonly #changes = new Listeners();
  readonly #failures = new Listeners();
  readonly #writes = new Set<Promise<boolean>>();

  constructor(clock: Clock, options: LeaseOptions) {
    this.#clock = clock;
    this.#timers = timersOf(clock);
    this.#timer = this.#timers.timer(() => this.#expire());
    this.#options = options;
    const { maxLeases = 1024, asideMs = 600_000 } = options;
    this.#bindings = new Bindings({
      maxBindings: maxLeases,
      asideMs,
      forget: (address) => void this.#write((store) => store.remove([textOf(address)])),
    });
  }

  /**
   * Takes up the leases that are kept, as far as they are of networks that are served.
   *
   * @throws {KeyValueError} if the store cannot be read
   */
  async restore(subnets: readonly Subnet[]): Promise<void> {
    const { store, maxLeases = 1024 } = this.#options;
    if (store === undefined) return;
    const { leases, damagedCount } = await readLeases(store, maxLeases);
    this.damagedCount = damagedCount;
    const [nowMs, wallMs] = [this.#timers.nowMs(), this.#clock.wallMs()];
    for (const { address, mac, clientId, hostName, endsAtMs } of leases) {
      const number = toNumber(address);
      const subnet = subnets.find((each) => each.contains(number));
      if (subnet === undefined) continue;
      // Wall time may have been set back meanwhile: nobody has a lease for longer than we give.
      const leftMs = Math.min(endsAtMs - wallMs, 1000 * subnet.leaseSeconds);
      const client = { key: keyOf(clientId, mac), mac, clientId };
      const other = this.#bindings.of(subnet, client);
      if (other !== undefined && other.leaseUntilMs > nowMs + leftMs) {
        await store.remove([textOf(number)]);
        continue;
      }
      const binding = this.#bindings.take(subnet, number, client, nowMs);
      if (binding === undefined) break;
      binding.isStored = true;
      binding.hostName = hostName;
      binding.leaseUntilMs = nowMs + leftMs;
    }
    this.#setTimer();
  }

  onChange(listener: () => void): () => void {
    return this.#changes.add(listener);
  }

  /** Calls `listener` for each change that could not be written down. Returns what stops it. */
  onFailure(listener: () => void): () => void {
    return this.#failures.add(listener);
  }

  /** The bindings whose leases have not ended, in the order of their addresses. */
  live(): readonly Binding[] {
    const nowMs = this.#timers.nowMs();
    const live = [...this.#bindings.all()].filter((binding) => isLeased(binding, nowMs));
    return live.toSorted((a, b) => a.address - b.address);
  }

  of(subnet: Subnet, client: Client): Binding | undefined {
    return this.#bindings.of(subnet, client);
  }

  mayHave(subnet: Subnet, address: number, client: Client): boolean {
    return this.#bindings.mayHave(subnet, address, client, this.#timers.nowMs());
  }

  /** Finds an address for a client and keeps it for a moment; `undefined` if there is none. */
  offer(subnet: Subnet, client: Client, requested: number | undefined): Binding | undefined {
    const nowMs = this.#timers.nowMs();
    const address = this.#bindings.choose(subnet, client, requested, nowMs);
    const binding =
      address === undefined ? undefined : this.#bindings.take(subnet, address, client, nowMs);
    if (binding === undefined) return undefined;
    binding.offeredUntilMs = nowMs + (this.#options.offerMs ?? 10_000);
    return binding;
  }

  /** Takes an offer back. */
  withdraw(binding: Binding): void {
    if (!wasLeased(binding)) this.#bindings.drop(binding);
    else binding.offeredUntilMs = -Infinity;
  }

  /**
   * Leases an address that the client may have, and resolves once that is written down: to the
   * binding, to why there is none, or to `undefined` if it could not be. Never rejects.
   */
  async give(
    subnet: Subnet,
    address: number,
    client: Client,
    leaseSeconds: number,
    name: Uint8Array | undefined,
  ): Promise<Binding | "exhausted" | "limited" | undefined> {
    if (this.#writes.size >= maxWrites) return "limited";
    const binding = this.#bindings.take(subnet, address, client, this.#timers.nowMs());
    if (binding === undefined) return "exhausted";
    const hostName = subnet.reservationOf(client)?.hostName ?? nameOf(name) ?? binding.hostName;
    binding.isBusy = true;
    const isKept = await this.#keep(binding, hostName, 1000 * leaseSeconds);
    binding.isBusy = false;
    if (!isKept) return undefined;
    binding.hostName = hostName;
    binding.offeredUntilMs = -Infinity;
    binding.leaseUntilMs = this.#timers.nowMs() + 1000 * leaseSeconds;
    this.#changed();
    return binding;
  }

  /** Ends a lease at once. */
  end(binding: Binding): void {
    binding.leaseUntilMs = this.#timers.nowMs();
    binding.offeredUntilMs = -Infinity;
    // Should that not be kept, the lease ends with its time, as if it had not been given back.
    void this.#keep(binding, binding.hostName, 0);
    this.#changed();
  }

  /** Takes an address from its client, and gives it to nobody for a while. */
  putAside(binding: Binding): void {
    const had = wasLeased(binding);
    this.#bindings.putAside(binding, this.#timers.nowMs());
    this.#bindings.drop(binding);
    if (had) this.#changed();
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    this.#timer.clear();
    this.#changes.clear();
    await Promise.all(this.#writes);
    this.#failures.clear();
  }

  #keep(binding: Binding, hostName: string | undefined, leftMs: number): Promise<boolean> {
    const { address, client } = binding;
    binding.isStored = this.#options.store !== undefined;
    const endsAtMs = this.#clock.wallMs() + leftMs;
    const value = encodeLease({ mac: client.mac, clientId: client.clientId, hostName, endsAtMs });
    return this.#write((store) => store.set([textOf(address)], value));
  }

  /** Resolves to whether it was done. */
  async #write(change: (store: LeaseStore) => Promise<void>): Promise<boolean> {
    const { store } = this.#options;
    if (store === undefined) return true;
    const writing = change(store).then(
      () => true,
      () => false,
    );
    this.#writes.add(writing);
    const isDone = await writing;
    this.#writes.delete(writing);
    if (!isDone) this.#failures.call();
    return isDone;
  }

  #changed(): void {
    this.#setTimer();
    this.#changes.call();
  }

  /** To the end of the lease that ends first. */
  #setTimer(): void {
    const nowMs = this.#timers.nowMs();
    let nextMs = Infinity;
    for (const { leaseUntilMs } of this.#bindings.all()) {
      if (leaseUntilMs > nowMs) nextMs = Math.min(nextMs, leaseUntilMs);
    }
    this.#timer.set(nextMs);
  }

  #expire(): void {
    this.#changed();
  }
}

/** Reads what a client calls itself, if that is a name. */
function nameOf(bytes: Uint8Array | undefined): string | undefined {
  if (bytes === undefined || bytes.length > maxNameBytes) return undefined;
  const name = String.fromCharCode(...bytes);
  return isName(name) ? name : undefined;
}
