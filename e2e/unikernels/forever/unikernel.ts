import type { Console } from "fata-morgana/devices";

export async function start(console: Console): Promise<void> {
  await console.writeLine("waiting for ever");
  await new Promise(() => {});
}
