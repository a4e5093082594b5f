import type { Context } from "fata-morgana/config";
import type { Console } from "fata-morgana/devices";

interface Arguments {
  readonly hello: string;
  readonly times: number;
  readonly manner: "plain" | "loud";
}

export async function start(console: Console, { args }: Context<Arguments>): Promise<void> {
  const greeting = args.manner === "loud" ? args.hello.toUpperCase() : args.hello;
  for (let count = 0; count < args.times; count += 1) await console.writeLine(greeting);
}
