import type { Context } from "fata-morgana/config";
import type { Clock, Console, Random, Stack } from "fata-morgana/devices";
import { ask } from "./client.ts";
import { serve } from "./server.ts";

interface Arguments {
  readonly port: number;
  readonly forward: string | undefined;
  readonly ask: boolean;
}

export async function start(
  console: Console,
  stack: Stack,
  clock: Clock,
  random: Random,
  { args, signal }: Context<Arguments>,
): Promise<void> {
  if (args.ask) await ask(console, stack, signal);
  else await serve({ console, stack, clock, random, signal }, args.port, args.forward);
}
