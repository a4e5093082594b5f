import { ResolverError, type Console, type Stack } from "fata-morgana/devices";

const types = ["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SRV", "TXT"] as const;

/** Looks up each name that is typed, with a type behind it or without. */
export async function ask(console: Console, stack: Stack, signal: AbortSignal): Promise<void> {
  await stack.configured(signal);
  await console.writeLine("A name, and a type or nothing:");
  for (;;) {
    const line = await console.readLine(signal);
    if (line === undefined) return;
    const [name = "", word = ""] = line.trim().split(/\s+/);
    if (name === "") continue;
    try {
      for (const found of await lookUp(stack, name, word.toUpperCase(), signal)) {
        await console.writeLine(`  ${found}`);
      }
    } catch (error) {
      if (!(error instanceof ResolverError)) throw error;
      await console.writeLine(error.message);
    }
  }
}

async function lookUp(
  { resolver }: Stack,
  name: string,
  word: string,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (word === "") return resolver.resolve(name, { signal });
  const type = types.find((each) => each === word);
  if (type === undefined) return [`There are ${types.join(", ")}`];
  const records = await resolver.records(name, type, signal);
  return records.map((record) => Object.values(record).map(textOf).join(" "));
}

function textOf(value: unknown): string {
  if (!Array.isArray(value)) return String(value);
  const decoder = new TextDecoder();
  return value.map((each) => JSON.stringify(decoder.decode(each as Uint8Array))).join(" ");
}
