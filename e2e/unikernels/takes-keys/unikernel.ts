import type { Console } from "fata-morgana/devices";

export async function start(console: Console): Promise<void> {
  const { size } = console;
  const shown = size === undefined ? "no screen" : `${size.columns} x ${size.rows}`;
  console.onResize(({ columns, rows }) => void console.writeLine(`now ${columns} x ${rows}`));
  await console.writeLine(`keys, please: ${shown}`);
  while (true) {
    const bytes = await console.read();
    if (bytes === undefined) return;
    const key = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(" ");
    await console.writeLine(`key ${key}`);
    if (key === "71") return;
    if (key === "72") throw new Error("r was typed");
    // oxlint-disable-next-line no-empty, no-unmodified-loop-condition -- what the key is for
    while (key === "62") {}
  }
}
