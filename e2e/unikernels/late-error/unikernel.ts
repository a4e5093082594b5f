import type { Clock, Console } from "fata-morgana/devices";

export async function start(console: Console, clock: Clock): Promise<void> {
  await console.writeLine("running");
  void clock.sleep(50).then(() => {
    throw new Error("nobody awaits this");
  });
  await clock.sleep(60_000);
}
