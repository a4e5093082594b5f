import type { Context } from "fata-morgana/config";
import type { Console } from "fata-morgana/devices";

type Arguments = { mode: "lines" | "bytes" | "deaf"; prints: string };

/** Prints, then shows each size, line or piece of bytes; a line that is long by its length only. */
export async function start(
  console: Console,
  { args, signal }: Context<Arguments>,
): Promise<number> {
  console.onResize(({ columns, rows }) => void console.writeLine(`size ${columns} × ${rows}`));
  await console.write(String(JSON.parse(`"${args.prints}"`)));
  await console.writeLine("ready");
  if (args.mode === "deaf") return new Promise((_, reject) => (signal.onabort = reject));
  for (let count = 1; ; count += 1) {
    const input = await hear(console, args.mode, signal);
    if (input === undefined) break;
    const shown = input.length > 200 ? `${input.length} long` : JSON.stringify(input);
    await console.writeLine(`${count}: ${shown}`);
  }
  await console.writeLine("end of input");
  return 0;
}

async function hear(
  console: Console,
  mode: "lines" | "bytes",
  signal: AbortSignal,
): Promise<string | undefined> {
  if (mode === "lines") return console.readLine(signal);
  const bytes = await console.read(signal);
  return bytes && new TextDecoder().decode(bytes);
}
