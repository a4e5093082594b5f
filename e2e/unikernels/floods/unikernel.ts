import type { Context } from "fata-morgana/config";
import type { Console } from "fata-morgana/devices";

type Shape = "lines" | "unawaited" | "noise" | "one-line" | "backspaces" | "titles" | "clears";

const lines = 200_000;
const pieceBytes = 50_000;
const pieces = 200;

/** Output that is no text, over and over. */
const odd: Readonly<Record<string, string>> = {
  "one-line": "x".repeat(pieceBytes),
  backspaces: "x\b\u0007y".repeat(pieceBytes / 4),
  titles: "\u001b]0;a title\u001b]8;;\u001b[31".repeat(pieceBytes / 20),
  clears: `\u001b[2J\u001b[Hagain\n${"x".repeat(87)}`.repeat(pieceBytes / 100),
};

export async function start(console: Console, { args }: Context<{ shape: Shape }>): Promise<void> {
  const { shape } = args;
  if (shape === "lines" || shape === "unawaited") {
    for (let line = 1; line < lines; line += 1) {
      const printed = console.writeLine(`line ${String(line).padStart(6)} ${"x".repeat(38)}`);
      if (shape === "lines") await printed;
    }
  } else {
    for (let piece = 0; piece < pieces; piece += 1) await console.write(odd[shape] ?? noise());
    // Ends whatever sequence was begun.
    await console.write("\u0018\u001b[0m\n");
  }
  void console.writeLine("the very last line");
}

function noise(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(pieceBytes));
}
