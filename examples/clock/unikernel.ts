import type { Context } from "fata-morgana/config";
import type { Clock, Console } from "fata-morgana/devices";

export async function start(
  console: Console,
  clock: Clock,
  { args, signal }: Context<{ ticks: number }>,
): Promise<number> {
  await console.writeLine(`zone: UTC${formatOffset(clock.timeZoneOffsetMinutes ?? 0)}`);
  const origin = clock.monotonicNs();
  for (let tick = 1; tick <= args.ticks; tick += 1) {
    const wall = new Date(clock.wallMs()).toISOString();
    const elapsedMs = Number(clock.monotonicNs() - origin) / 1e6;
    await console.writeLine(`${wall}  +${elapsedMs.toFixed(3)} ms`);
    if (tick < args.ticks) await clock.sleep(200, signal);
  }
  const repeats = countRepeats(clock, 10_000);
  await console.writeLine(`10000 readings in a row, ${repeats} not later than the one before`);
  return repeats === 0 ? 0 : 1;
}

function countRepeats(clock: Clock, readings: number): number {
  let repeats = 0;
  let last = clock.monotonicNs();
  for (let reading = 0; reading < readings; reading += 1) {
    const now = clock.monotonicNs();
    if (now <= last) repeats += 1;
    last = now;
  }
  return repeats;
}

function formatOffset(minutes: number): string {
  const sign = minutes < 0 ? "-" : "+";
  const two = (value: number): string => String(Math.trunc(value)).padStart(2, "0");
  return `${sign}${two(Math.abs(minutes) / 60)}:${two(Math.abs(minutes) % 60)}`;
}
