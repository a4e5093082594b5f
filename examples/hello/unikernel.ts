import type { Context } from "fata-morgana/config";
import type { Clock, Console } from "fata-morgana/devices";

export async function start(console: Console, clock: Clock, { signal }: Context): Promise<void> {
  for (let count = 0; count < 4; count += 1) {
    if (count > 0) await clock.sleep(1000, signal);
    await console.writeLine("hello");
  }
}
