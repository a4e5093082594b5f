import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import type { Key, KeyValue, KeyValueRead } from "../devices/index.ts";
import { SimulatedDisk, SimulatedStore, Simulation } from "../simulated/index.ts";
import { connect } from "./key-value-log.ts";

const seedCount = process.env["MORGANA_LONG"] === "1" ? 2000 : 6;

const seeds = Array.from({ length: seedCount }, (_, index) => index + 1);

/** An operation, and what became of it before the power was cut. */
interface Called {
  readonly what: string;
  readonly on: (store: KeyValue) => Promise<void>;
  outcome: string | undefined;
}

const names = ["a", "b", "c"];

test.each(seeds)("what a power cut leaves is a beginning of what was called (seed %i)", (seed) => {
  const simulation = new Simulation({ seed, turn: () => setImmediate() });
  return simulation.run(() => runTrial(simulation));
});

async function runTrial(simulation: Simulation): Promise<void> {
  const random = simulation.random("trial");
  const below = (count: number): number => random.uint32() % count;
  const disk = new SimulatedDisk(simulation, {
    sectorBytes: 512 << below(4),
    sectorCount: 40 + below(60),
    durableAfter: below(2) === 0 ? "write" : "flush",
    latencyMs: 1,
    jitterMs: 2,
  });
  // What a random device gives is never given again, also not after a power cut.
  const nonces = simulation.random("nonces");
  let sure: readonly Called[] = [];
  for (let cut = 0; cut < 5; cut += 1) {
    const block = disk.connect();
    const store = await connect({ block, clock: simulation.clock, random: nonces });
    const [holds] = await candidates(simulation, sure, []);
    expect(await contentsOf(store)).toBe(holds);
    // Once: if the disk also fails to take a change back, a cut may find it.
    block.fail(below(3) === 0 ? "flush" : "write", 1 + below(20));
    const called: Called[] = [];
    const settled: Promise<void>[] = [];
    let isCut = false;
    for (let count = below(60); count > 0; count -= 1) {
      const call: Called = { ...randomOperation(below), outcome: undefined };
      called.push(call);
      const end = (outcome: string): void => void (isCut || (call.outcome = outcome));
      settled.push(
        call.on(store).then(
          () => end("done"),
          (error: unknown) => end(codeOf(error)),
        ),
      );
      if (below(3) === 0) await simulation.clock.sleep(below(6));
    }
    await simulation.clock.sleep(below(20));
    isCut = true;
    disk.crash();
    await Promise.all(settled);
    sure = await whatIsThere(simulation, disk, nonces, [...sure, ...called]);
  }
}

/**
 * Opens the disk, and tells which operations gave what it holds: all that are known, and maybe
 * more.
 */
async function whatIsThere(
  simulation: Simulation,
  disk: SimulatedDisk,
  random: Parameters<typeof connect>[0]["random"],
  called: readonly Called[],
): Promise<readonly Called[]> {
  const known = called.filter(({ outcome }) => outcome !== undefined);
  const open = called.filter(({ outcome }) => outcome === undefined);
  // They are known in the order of the calls, since they are made in it.
  expect(called.slice(0, known.length)).toEqual(known);
  const possible = await candidates(simulation, known, open);
  const block = disk.connect();
  const store = await connect({ block, clock: simulation.clock, random });
  const index = possible.lastIndexOf(await contentsOf(store));
  expect(index, called.map(({ what, outcome }) => `${what} ${outcome}`).join("\n")).not.toBe(-1);
  disk.crash();
  const made = open.slice(0, index);
  for (const call of made) call.outcome = "made";
  return [...known, ...made];
}

/** What a store holds after what is known, and after each further operation. */
async function candidates(
  simulation: Simulation,
  known: readonly Called[],
  open: readonly Called[],
): Promise<string[]> {
  const model = new SimulatedStore(simulation).connect();
  for (const { on, outcome } of known) {
    // What the disk refused is not there; what the store refused, a store in memory refuses too.
    if (outcome === "io" || outcome === "no-space") continue;
    const expected = await on(model).then(() => "done", codeOf);
    if (outcome !== "made") expect(expected).toBe(outcome);
  }
  const found = [await contentsOf(model)];
  for (const { on } of open) {
    await on(model).catch(() => {});
    found.push(await contentsOf(model));
  }
  return found;
}

function randomOperation(below: (count: number) => number): Pick<Called, "what" | "on"> {
  const key = randomKey(below);
  const bytes = new Uint8Array(below(3) === 0 ? below(1500) : below(60)).fill(below(255) + 1);
  const offset = below(400);
  const to = randomKey(below);
  const choices: readonly [string, (store: KeyValue) => Promise<void>][] = [
    [`set ${key.join("/")} ${bytes.length}`, (store) => store.set(key, bytes)],
    [`set ${key.join("/")} ${bytes.length}`, (store) => store.set(key, bytes)],
    [
      `set part ${key.join("/")} ${offset}+${bytes.length}`,
      (store) => store.setPartial(key, offset, bytes),
    ],
    [`remove ${key.join("/")}`, (store) => store.remove(key)],
    [`rename ${key.join("/")} ${to.join("/")}`, (store) => store.rename(key, to)],
  ];
  const [what, on] = choices[below(choices.length)] ?? ["", () => Promise.resolve()];
  return { what, on };
}

function randomKey(below: (count: number) => number): Key {
  return Array.from({ length: 1 + below(2) }, () => names[below(names.length)] ?? "");
}

/** All that a store holds, as text. */
async function contentsOf(store: KeyValueRead, key: Key = []): Promise<string> {
  const lines: string[] = [];
  for (const { name, kind } of (await store.list(key)) ?? []) {
    const below = [...key, name];
    if (kind === "dictionary") lines.push(await contentsOf(store, below));
    else lines.push(`${below.join("/")}: ${String(await store.get(below))}`);
  }
  return lines.join("\n");
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : String(error);
}
