import type { Console } from "fata-morgana/devices";

export async function start(console: Console): Promise<void> {
  await console.writeLine(`started ${performance.timeOrigin + performance.now()} hello`);
}
