import type { Console } from "fata-morgana/devices";

const lines = 200_000;

export async function start(console: Console): Promise<void> {
  for (let line = 1; line < lines; line += 1) {
    await console.writeLine(`line ${String(line).padStart(6)} ${"x".repeat(38)}`);
  }
  void console.writeLine("the very last line");
}
