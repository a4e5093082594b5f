import { SimulatedClock, SimulatedRandom, Timeline } from "../../src/simulated/index.ts";

/** Virtual time that stands still until {@link World.advance} is called. */
export class World {
  readonly #timeline = new Timeline();
  readonly clock: SimulatedClock = new SimulatedClock(this.#timeline);
  readonly random: SimulatedRandom;

  constructor(seed: number) {
    this.random = new SimulatedRandom(seed, "packetdrill");
  }

  get nowMs(): number {
    return this.#timeline.nowNs / 1e6;
  }

  /** Resolves when all code waits for time or packets. */
  settle(): Promise<void> {
    return new Promise((resolve) => void setImmediate(resolve));
  }

  /** Lets time pass until `untilMs`, or until `isEnough` says so after an event. */
  async advance(untilMs: number, isEnough: () => boolean = () => false): Promise<void> {
    const limitNs = untilMs * 1e6;
    for (;;) {
      await this.settle();
      if (isEnough()) return;
      const { nextNs } = this.#timeline;
      if (nextNs === undefined || nextNs > limitNs) break;
      this.#timeline.advance();
    }
    if (limitNs === Number.POSITIVE_INFINITY) return;
    this.#timeline.at(limitNs, () => {});
    this.#timeline.advance();
    await this.settle();
  }
}
