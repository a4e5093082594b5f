import type { Context } from "fata-morgana/config";
import type { Clock, Console, Stack } from "fata-morgana/devices";
import { ask } from "./client.ts";
import { serve } from "./server.ts";

interface Arguments {
  readonly port: number;
  readonly connect: string | undefined;
}

export async function start(
  console: Console,
  stack: Stack,
  clock: Clock,
  { args: { connect, port }, signal }: Context<Arguments>,
): Promise<number> {
  if (connect !== undefined) return ask({ console, stack, clock, signal }, connect, port);
  await serve({ console, stack, signal }, port);
  return 0;
}
