import type { Clock, Console } from "fata-morgana/devices";

export async function start(console: Console, clock: Clock): Promise<void> {
  const timed = async (name: string, work: () => Promise<string>): Promise<void> => {
    const before = clock.monotonicMs();
    const result = await work();
    // Whole tenths of a second: a timer is never early, and a busy machine may be a little late.
    const seconds = Math.floor((clock.monotonicMs() - before) / 100) / 10;
    await console.writeLine(`${name}: ${result} after ${seconds} s`);
  };
  await timed("join", () => join(clock));
  await timed("race", () => race(clock));
  await timed("cancel", () => cancel(clock));
  await timed("timeout", () => timeout(clock));
}

/** Both must end: Heads and Tails of the MirageOS tutorial. */
async function join(clock: Clock): Promise<string> {
  const after = async (ms: number, name: string): Promise<string> => {
    await clock.sleep(ms);
    return name;
  };
  return (await Promise.all([after(200, "heads"), after(400, "tails")])).join(" and ");
}

/** The first one wins, and the other is told that it lost. */
async function race(clock: Clock): Promise<string> {
  const loser = new AbortController();
  const slow = clock.sleep(5000, loser.signal).then(
    () => "slow",
    (reason: unknown) => String(reason),
  );
  const winner = await Promise.race([clock.sleep(200).then(() => "fast"), slow]);
  loser.abort("the slow one was cancelled");
  return `${winner} won, ${await slow}`;
}

/** A sleep that is cancelled rejects at once with the reason it was given. */
async function cancel(clock: Clock): Promise<string> {
  const controller = new AbortController();
  const sleeping = clock.sleep(5000, controller.signal);
  await clock.sleep(200);
  controller.abort("not needed any more");
  return sleeping.then(
    () => "slept to the end",
    (reason: unknown) => `cancelled, ${String(reason)}`,
  );
}

/** Work that never ends, given 200 ms. */
async function timeout(clock: Clock): Promise<string> {
  const never = new Promise<string>(() => {});
  return Promise.race([never, clock.sleep(200).then(() => "gave up")]);
}
