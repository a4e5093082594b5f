// A cable with faults between two networks, seeded, in real time: the kernel here has no netem. In
// virtual time there is `Wire` of `src/simulated`. As a program:
//
//   node faulty-bridge.mjs <net> <net> [--loss=0.01] [--duplication=0.01] [--reordering=0.05]
//     [--delay-ms=20] [--hold-back-ms=5] [--queue-frames=1000] [--seed=1]

import { parseArgs } from "node:util";
import { parseSocketLink } from "fata-morgana/platform-node/network-socket-link";
import { connect } from "fata-morgana/platform-node/network-socket";
import { isMain } from "../scripts/step.mjs";
import { seededGenerator } from "../dist/simulated/generator.js";

/** @typedef {import("fata-morgana/devices").Network} Network */

/**
 * What befalls frames, each way on its own; nothing unless given.
 *
 * @typedef {object} Faults
 * @property {number} loss the probability that a frame is lost
 * @property {number} duplication the probability that one arrives twice
 * @property {number} reordering the probability that one is held back, so that others overtake it
 * @property {number} delayMs how long every frame takes
 * @property {number} holdBackMs how much longer one takes that is held back
 * @property {number} queueFrames how many may be under way; more are lost
 */

/** @type {Faults} */
const none = {
  loss: 0,
  duplication: 0,
  reordering: 0,
  delayMs: 0,
  holdBackMs: 5,
  queueFrames: 1_000,
};

/** What became of the frames of both ways. */
const noneYet = () => ({ carried: 0, lost: 0, duplicated: 0, heldBack: 0, overflowed: 0 });

/**
 * Joins two networks, and owns both from then on. The same seed and the same frames give the same
 * faults; when frames arrive is the machine's.
 *
 * @param {Network} one
 * @param {Network} other
 * @param {Partial<Faults> & { seed?: number }} options
 * @returns {{ counters: ReturnType<typeof noneYet>, close: () => Promise<void> }}
 */
export function bridge(one, other, { seed = 1, ...given }) {
  const faults = { ...none, ...given };
  const counters = noneYet();
  const ways = [new Way(other, faults, counters, seed), new Way(one, faults, counters, seed + 1)];
  [one, other].forEach((network, index) => {
    const way = ways[index];
    network.listen({ frame: (frame) => way?.take(frame) });
  });
  return {
    counters,
    async close() {
      for (const way of ways) way.close();
      await Promise.all([one, other].map((network) => network[Symbol.asyncDispose]()));
    },
  };
}

/** One direction. */
class Way {
  #to;
  #faults;
  #counters;
  #generator;
  /**
   * The frames under way, the first to arrive last.
   *
   * @type {{ frame: Uint8Array, atMs: number }[]}
   */
  #underWay = [];
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /**
   * @param {Network} to
   * @param {Faults} faults
   * @param {ReturnType<typeof noneYet>} counters
   * @param {number} seed
   */
  constructor(to, faults, counters, seed) {
    this.#to = to;
    this.#faults = faults;
    this.#counters = counters;
    this.#generator = seededGenerator(seed, "bridge");
  }

  /** @param {Uint8Array} frame *given* */
  take(frame) {
    const { loss, duplication, reordering, delayMs, holdBackMs } = this.#faults;
    // Always the same number of draws, so that changing one fault leaves the others' luck.
    const isLost = this.#generator.chance(loss);
    const isDoubled = this.#generator.chance(duplication);
    const isHeldBack = this.#generator.chance(reordering);
    if (isLost) {
      this.#counters.lost++;
      return;
    }
    if (isHeldBack) this.#counters.heldBack++;
    const afterMs = delayMs + (isHeldBack ? holdBackMs : 0);
    this.#send(frame, afterMs);
    if (!isDoubled) return;
    this.#counters.duplicated++;
    this.#send(frame, afterMs);
  }

  close() {
    clearTimeout(this.#timer);
  }

  /**
   * @param {Uint8Array} frame
   * @param {number} afterMs
   */
  #send(frame, afterMs) {
    if (afterMs === 0) this.#write(frame);
    else if (this.#underWay.length >= this.#faults.queueFrames) this.#counters.overflowed++;
    else this.#enqueue(frame, performance.now() + afterMs);
  }

  /**
   * @param {Uint8Array} frame
   * @param {number} atMs
   */
  #enqueue(frame, atMs) {
    const later = this.#underWay.findLastIndex((each) => each.atMs > atMs);
    this.#underWay.splice(later + 1, 0, { frame, atMs });
    if (this.#underWay.length === later + 2) this.#wait();
  }

  #wait() {
    clearTimeout(this.#timer);
    const next = this.#underWay.at(-1);
    if (next === undefined) return;
    this.#timer = setTimeout(() => {
      const nowMs = performance.now();
      while ((this.#underWay.at(-1)?.atMs ?? Infinity) <= nowMs) {
        const due = this.#underWay.pop();
        if (due !== undefined) this.#write(due.frame);
      }
      this.#wait();
    }, next.atMs - performance.now());
  }

  /** @param {Uint8Array} frame */
  #write(frame) {
    this.#counters.carried++;
    this.#to.write(frame.length, (into) => {
      into.set(frame);
      return frame.length;
    });
  }
}

if (isMain(import.meta.url)) {
  const number = { type: /** @type {const} */ ("string") };
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      loss: number,
      duplication: number,
      reordering: number,
      "delay-ms": number,
      "hold-back-ms": number,
      "queue-frames": number,
      seed: number,
    },
  });
  const camelCase = (/** @type {string} */ name) =>
    name.replaceAll(/-(.)/g, (_, /** @type {string} */ letter) => letter.toUpperCase());
  const faults = Object.fromEntries(
    Object.entries(values).map(([name, value]) => [camelCase(name), Number(value)]),
  );
  const [one, other] = await Promise.all(
    positionals.slice(0, 2).map((text) => connect({ link: parseSocketLink(text) })),
  );
  if (one === undefined || other === undefined) throw new Error("A bridge is between two networks");
  const { counters, close } = bridge(one, other, faults);
  console.log("ready");
  process.on("SIGTERM", () => {
    console.log(JSON.stringify(counters));
    void close().then(() => process.exit());
  });
}
