import type { Random } from "../../devices/index.ts";
import { isSameName } from "../dns/domain.ts";
import type { Timer, Timers } from "../timers.ts";
import { recordKey, type MdnsRecord } from "./packet.ts";

/** What stands under a name, and what leads to it. */
export interface Holding {
  /** Records of the name, which nobody else may have. */
  readonly unique: readonly MdnsRecord[];
  /** Records of other names, which others have too. */
  readonly shared: readonly MdnsRecord[];
}

/** What a claim is about, and by whom it speaks. */
export interface ClaimOptions {
  readonly name: string;
  /** What is to stand under a name. */
  readonly holding: (name: string) => Holding;
  /** Another name, where somebody has this one. */
  readonly rename: (name: string) => string;
  /** Asks whether somebody has the name, and says what is to stand there. */
  readonly probe: (name: string, records: readonly MdnsRecord[]) => void;
  readonly announce: (records: readonly MdnsRecord[]) => void;
  /** Is told that the name is ours: at first, and whenever it has become another. */
  readonly onHeld: (name: string) => void;
  readonly timers: Timers;
  readonly random: Random;
}

/** RFC 6762, 8.1: three probes, and the first not at the moment when all were switched on. */
const probeCount = 3;
const probeMs = 250;

/** RFC 6762, 8.3. */
const announceCount = 2;
const announceMs = 1000;

/** How long whoever loses against another probe waits (RFC 6762, 8.2). */
const deferMs = 1000;

/** So many conflicts within this time, and each further try waits (RFC 6762, 8.1). */
const conflictCount = 15;
const conflictMs = 10_000;
const conflictWaitMs = 5000;

type State = "idle" | "probing" | "announcing" | "held" | "ended";

/**
 * A name that we want to be ours: it is asked for, then announced, then held against others, or
 * changed where somebody has it.
 *
 * @see RFC 6762, 8 and 9
 */
export class Claim {
  readonly #options: ClaimOptions;
  readonly #timer: Timer;
  #name: string;
  #state: State = "idle";
  #sentCount = 0;
  #conflictsMs: readonly number[] = [];

  constructor(options: ClaimOptions) {
    this.#options = options;
    this.#name = options.name;
    this.#timer = options.timers.timer(() => this.#goOn());
  }

  /** The name as it is now. */
  get name(): string {
    return this.#name;
  }

  /** Whether the name is ours, so that questions for it are answered. */
  get isHeld(): boolean {
    return this.#state === "announcing" || this.#state === "held";
  }

  /** What stands under the name now. */
  get holding(): Holding {
    return this.#options.holding(this.#name);
  }

  /** Begins, or begins anew: the name is asked for. */
  start(delayMs: number = this.#options.random.uint32() % (probeMs + 1)): void {
    this.#state = "probing";
    this.#sentCount = 0;
    this.#wait(delayMs);
  }

  /** Says again what stands under the name, after that has changed. */
  announceAgain(): void {
    if (!this.isHeld) return;
    this.#state = "announcing";
    this.#sentCount = 0;
    this.#goOn();
  }

  /** Gives the name up. The records to say goodbye with, if it was ours. */
  end(): readonly MdnsRecord[] {
    const { unique, shared } = this.isHeld ? this.holding : { unique: [], shared: [] };
    this.#state = "ended";
    this.#timer.clear();
    return [...unique, ...shared];
  }

  /** Hears a record of a response: whether somebody else has the name. */
  hear(record: MdnsRecord): void {
    if (!isSameName(record.name, this.#name) || record.ttlSeconds === 0) return;
    const { unique } = this.holding;
    if (unique.some((each) => recordKey(each) === recordKey(record))) return;
    if (this.#state === "probing") this.#yield();
    // Who of us has it is found out by asking (RFC 6762, 9).
    else if (this.isHeld && unique.some(({ type }) => type === record.type)) this.start(0);
  }

  /** Hears what somebody else who asks wants to stand under the name: the greater wins. */
  hearProbe(records: readonly MdnsRecord[]): void {
    const theirs = records.filter(({ name }) => isSameName(name, this.#name));
    if (this.#state !== "probing" || theirs.length === 0) return;
    if (compare(this.holding.unique, theirs) < 0) this.start(deferMs);
  }

  #wait(ms: number): void {
    this.#timer.set(this.#options.timers.nowMs() + ms);
  }

  #goOn(): void {
    const { announce, probe, onHeld } = this.#options;
    const { unique, shared } = this.holding;
    if (this.#state === "probing") {
      if (this.#sentCount < probeCount) {
        this.#sentCount += 1;
        probe(this.#name, unique);
        this.#wait(probeMs);
        return;
      }
      this.#state = "announcing";
      this.#sentCount = 0;
      onHeld(this.#name);
    }
    if (this.#state !== "announcing") return;
    announce([...unique, ...shared]);
    this.#sentCount += 1;
    if (this.#sentCount < announceCount) this.#wait(announceMs);
    else this.#state = "held";
  }

  /** Somebody has the name: tries another. */
  #yield(): void {
    const nowMs = this.#options.timers.nowMs();
    this.#conflictsMs = [...this.#conflictsMs, nowMs].filter((ms) => ms > nowMs - conflictMs);
    this.#name = this.#options.rename(this.#name);
    if (this.#conflictsMs.length >= conflictCount) this.start(conflictWaitMs);
    else this.start();
  }
}

/** Compares what two hosts want, as RFC 6762, 8.2.1 says: below 0 if the first is the lesser. */
function compare(ours: readonly MdnsRecord[], theirs: readonly MdnsRecord[]): number {
  const [one, other] = [ours, theirs].map((list) => list.toSorted(compareRecords));
  for (const [index, record] of (one ?? []).entries()) {
    const against = other?.[index];
    if (against === undefined) return 1;
    const order = compareRecords(record, against);
    if (order !== 0) return order;
  }
  return ours.length - theirs.length;
}

function compareRecords(one: MdnsRecord, other: MdnsRecord): number {
  if (one.type !== other.type) return one.type - other.type;
  for (const [index, byte] of one.data.entries()) {
    const against = other.data[index];
    if (against === undefined) return 1;
    if (byte !== against) return byte - against;
  }
  return one.data.length - other.data.length;
}
