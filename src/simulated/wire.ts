import { seededGenerator, type Generator } from "./generator.ts";
import { SimulatedNetwork } from "./network.ts";
import type { Simulation } from "./simulation.ts";

/** What befalls frames on a {@link Wire}, for each receiver on its own. Nothing unless given. */
export interface WireConditions {
  /** How long a frame takes. */
  readonly delayMs?: number;
  /** Up to so much more, evenly; frames keep their order all the same. */
  readonly jitterMs?: number;
  /** The probability, 0 to 1, that a frame is lost. */
  readonly loss?: number;
  /** The probability that a frame arrives twice. */
  readonly duplication?: number;
  /** The probability that one bit of a frame is flipped. */
  readonly corruption?: number;
  /** The probability that a frame is held back, so that later ones overtake it. */
  readonly reordering?: number;
  /** How long such a frame is held back: up to so much; 1 ms unless given. */
  readonly holdBackMs?: number;
}

/** How a {@link Wire} is made. */
export interface WireOptions extends WireConditions {
  /** Names the wire in the trace, and its random stream. */
  readonly name?: string;
  /** The longest payload of a frame in bytes: 1500 unless given. */
  readonly mtu?: number;
  /** How fast each interface sends; as fast as can be unless given. */
  readonly bitsPerSecond?: number;
  /** How much may wait to be sent on an interface, else frames are dropped: 64 KiB unless given. */
  readonly queueBytes?: number;
}

/** A frame under way: what arrives, and when. */
interface Arrival {
  readonly frame: Uint8Array;
  readonly atNs: number;
}

const conditionsOfNone: Required<WireConditions> = {
  delayMs: 0,
  jitterMs: 0,
  loss: 0,
  duplication: 0,
  corruption: 0,
  reordering: 0,
  holdBackMs: 1,
};

/**
 * An Ethernet segment: what one interface sends, all others hear. With two it is a cable; with
 * more, a hub. Its faults follow from the simulation's seed and the wire's name.
 */
export class Wire {
  readonly name: string;
  readonly mtu: number;
  readonly bitsPerSecond: number;
  readonly queueBytes: number;
  readonly #simulation: Simulation;
  readonly #generator: Generator;
  readonly #networks = new Set<SimulatedNetwork>();
  readonly #partitions = new Set<string>();
  /** When the last frame in order arrives, for each pair of sender and receiver. */
  readonly #lastArrivalNs = new Map<string, number>();
  #conditions: Required<WireConditions>;

  /** @throws {RangeError} if a probability is not one, or anything else is less than nothing */
  constructor(simulation: Simulation, options: WireOptions = {}) {
    this.name = options.name ?? simulation.nameOf("wire");
    checkNumbers(this.name, options);
    this.mtu = options.mtu ?? 1500;
    this.bitsPerSecond = options.bitsPerSecond ?? Number.POSITIVE_INFINITY;
    this.queueBytes = options.queueBytes ?? 65_536;
    this.#simulation = simulation;
    this.#generator = seededGenerator(simulation.seed, this.name);
    this.#conditions = { ...conditionsOfNone, ...options };
  }

  /**
   * Adds an interface. Its address is `mac`, or else random and locally administered.
   *
   * @throws {RangeError} if `mac` is not 6 bytes of a unicast address
   */
  connect(mac?: Uint8Array): SimulatedNetwork {
    const address = mac?.slice() ?? this.#randomMac();
    if (address.length !== 6 || ((address[0] ?? 1) & 1) !== 0) {
      throw new RangeError(`Cannot connect to ${this.name}: ${address.join(".")} is no address`);
    }
    const network = new SimulatedNetwork(this, this.#simulation, address);
    this.#networks.add(network);
    return network;
  }

  /**
   * Changes some of the conditions, for frames sent from now on.
   *
   * @throws {RangeError} as the constructor; they are then as before
   */
  change(conditions: WireConditions): void {
    checkNumbers(this.name, conditions);
    this.#conditions = { ...this.#conditions, ...conditions };
  }

  /** Cuts two interfaces off from each other, both ways. Frames under way still arrive. */
  partition(one: SimulatedNetwork, other: SimulatedNetwork): void {
    this.#partitions.add(pairOf(one, other)).add(pairOf(other, one));
  }

  /** Joins two interfaces again; without arguments, all of them. */
  heal(one?: SimulatedNetwork, other?: SimulatedNetwork): void {
    if (one === undefined || other === undefined) this.#partitions.clear();
    else {
      this.#partitions.delete(pairOf(one, other));
      this.#partitions.delete(pairOf(other, one));
    }
  }

  /** Takes an interface off the wire. For {@link SimulatedNetwork}'s disposal. */
  disconnect(network: SimulatedNetwork): void {
    this.#networks.delete(network);
  }

  /** Carries a frame, *borrowed*, that leaves at `leavesNs`. For {@link SimulatedNetwork}. */
  carry(sender: SimulatedNetwork, frame: Uint8Array, leavesNs: number): void {
    for (const receiver of this.#networks) {
      if (receiver === sender) continue;
      const isCut = this.#partitions.has(pairOf(sender, receiver));
      const arrivals = isCut ? [] : this.#befall(sender, receiver, frame, leavesNs);
      const fate = isCut ? "cut off" : `${arrivals.length} to arrive`;
      this.#simulation.trace(`${sender.name} → ${receiver.name}: ${fate}`);
      for (const { frame: copy, atNs } of arrivals) receiver.hear(copy, atNs);
    }
  }

  /** Decides what becomes of a frame for one receiver: fresh copies, and when they arrive. */
  #befall(
    sender: SimulatedNetwork,
    receiver: SimulatedNetwork,
    frame: Uint8Array,
    leavesNs: number,
  ): readonly Arrival[] {
    const { loss, duplication } = this.#conditions;
    // Always the same number of draws, so that changing one condition leaves the others' luck.
    const isLost = this.#generator.chance(loss);
    const isDoubled = this.#generator.chance(duplication);
    const copies = [this.#arrival(sender, receiver, frame, leavesNs)];
    if (isDoubled) copies.push(this.#arrival(sender, receiver, frame, leavesNs));
    return isLost ? [] : copies;
  }

  #arrival(
    sender: SimulatedNetwork,
    receiver: SimulatedNetwork,
    frame: Uint8Array,
    leavesNs: number,
  ): Arrival {
    const { delayMs, jitterMs, corruption, reordering, holdBackMs } = this.#conditions;
    const onTheWayMs = delayMs + jitterMs * this.#generator.fraction();
    const isHeldBack = this.#generator.chance(reordering);
    const heldBackMs = holdBackMs * this.#generator.fraction();
    const isCorrupt = this.#generator.chance(corruption);
    const copy = frame.slice();
    const bit = this.#generator.below(copy.length * 8);
    if (isCorrupt) copy[bit >> 3] = (copy[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    const earliestNs = leavesNs + Math.ceil(onTheWayMs * 1e6);
    const pair = pairOf(sender, receiver);
    const inOrderNs = Math.max(earliestNs, this.#lastArrivalNs.get(pair) ?? 0);
    if (isHeldBack) return { frame: copy, atNs: inOrderNs + Math.ceil(heldBackMs * 1e6) };
    this.#lastArrivalNs.set(pair, inOrderNs);
    return { frame: copy, atNs: inOrderNs };
  }

  #randomMac(): Uint8Array {
    const mac = Uint8Array.from({ length: 6 }, () => this.#generator.below(256));
    // Locally administered (bit 1) and for one station (bit 0 clear): IEEE 802-2014, 8.4.
    mac[0] = ((mac[0] ?? 0) & 0xfc) | 0x02;
    return mac;
  }
}

/**
 * Refuses what would silently lose everything, or nothing: a loss of 30 for 30 %, a delay of NaN.
 */
function checkNumbers(name: string, options: WireOptions): void {
  const probabilities: ReadonlySet<string> = new Set([
    "loss",
    "duplication",
    "corruption",
    "reordering",
  ]);
  for (const [option, value] of Object.entries(options)) {
    if (typeof value !== "number") continue;
    const most = probabilities.has(option) ? 1 : Number.POSITIVE_INFINITY;
    if (value >= 0 && value <= most) continue;
    const why = most === 1 ? "a probability is 0 to 1" : "it must be 0 or more";
    throw new RangeError(`Cannot set ${option} of ${name} to ${value}: ${why}`);
  }
}

function pairOf(sender: SimulatedNetwork, receiver: SimulatedNetwork): string {
  return `${sender.name} ${receiver.name}`;
}
