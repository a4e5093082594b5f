import type { Console } from "fata-morgana/devices";

export async function start(console: Console): Promise<void> {
  await console.writeLine("first line");
  void console.writeLine("last line before the end of time");
  // oxlint-disable-next-line no-empty, no-constant-condition -- what this unikernel is for
  while (true) {}
}
