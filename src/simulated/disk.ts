import { BlockError, type BlockInfo } from "../devices/index.ts";
import { SimulatedBlock } from "./block.ts";
import { seededGenerator, type Generator } from "./generator.ts";
import { Medium } from "./medium.ts";
import type { Simulation } from "./simulation.ts";

/** What a {@link SimulatedDisk} is like. All zeros when new. */
export interface SimulatedDiskOptions {
  /** Names the disk in the trace, and its random stream. */
  readonly name?: string;
  readonly sectorCount: number;
  /** 512 unless given. */
  readonly sectorBytes?: number;
  /** Whether it can be written; unless given, it can. */
  readonly readWrite?: boolean;
  /** The size that `grow` may reach; unless given, the disk cannot grow. */
  readonly maxSectorCount?: number;
  /** `write` unless given. */
  readonly durableAfter?: BlockInfo["durableAfter"];
  /** How many different sectors fit before a write rejects with `no-space`; unless given, all. */
  readonly spaceSectorCount?: number;
  /** How long each operation takes; none unless given. */
  readonly latencyMs?: number;
  /** Up to so much more, at random. Operations may then settle in another order than called. */
  readonly jitterMs?: number;
}

/** A disk of a simulation: what outlives the {@link SimulatedBlock}s that are connected to it. */
export class SimulatedDisk {
  readonly name: string;
  readonly #simulation: Simulation;
  readonly #options: SimulatedDiskOptions;
  readonly #generator: Generator;
  readonly #medium: Medium;
  #connected: SimulatedBlock | undefined;

  /** @throws {RangeError} if there can be no disk of this size, or a time is no time */
  constructor(simulation: Simulation, options: SimulatedDiskOptions) {
    this.name = options.name ?? simulation.nameOf("disk");
    checkSize(this.name, options);
    checkTimes(this.name, options);
    this.#simulation = simulation;
    this.#options = options;
    this.#generator = seededGenerator(simulation.seed, this.name);
    this.#medium = new Medium(
      options.sectorBytes ?? 512,
      options.sectorCount,
      options.spaceSectorCount ?? Number.POSITIVE_INFINITY,
    );
  }

  /**
   * Connects the disk.
   *
   * @throws {BlockError} `busy` if it is connected already and neither disposed nor crashed
   */
  connect(): SimulatedBlock {
    if (this.#connected !== undefined) {
      throw new BlockError("busy", `Cannot connect ${this.name}: it is connected already`);
    }
    const block = new SimulatedBlock({
      ...this.#options,
      name: this.name,
      simulation: this.#simulation,
      generator: this.#generator,
      medium: this.#medium,
      onClosed: () => (this.#connected = undefined),
    });
    this.#connected = block;
    return block;
  }

  /**
   * Cuts the power. Operations under way reject with `closed`. Of each sector that was written and
   * is not durable, the disk keeps one of the contents it was given, or the old: whole sectors, but
   * any mix of them, as the seed says. Connect again to see.
   */
  crash(): void {
    this.#connected?.crash();
    const lostCount = this.#medium.crash(this.#generator);
    this.#simulation.trace(`${this.name} crash: ${lostCount} sectors went back`);
  }
}

function checkSize(name: string, { sectorBytes = 512, sectorCount }: SimulatedDiskOptions): void {
  const isSector = sectorBytes >= 512 && Number.isInteger(Math.log2(sectorBytes));
  const isDisk = sectorCount > 0 && Number.isSafeInteger(sectorCount * sectorBytes);
  if (isSector && isDisk && Number.isInteger(sectorCount)) return;
  const size = `${sectorCount} sectors of ${sectorBytes} bytes`;
  throw new RangeError(`Cannot make ${name}: there is no disk of ${size}`);
}

/** Refuses what would stop the clock of the whole simulation at NaN. */
function checkTimes(name: string, { latencyMs = 0, jitterMs = 0 }: SimulatedDiskOptions): void {
  for (const [option, valueMs] of Object.entries({ latencyMs, jitterMs })) {
    if (valueMs >= 0 && valueMs < Number.POSITIVE_INFINITY) continue;
    throw new RangeError(`Cannot set ${option} of ${name} to ${valueMs}: it must be 0 or more`);
  }
}
