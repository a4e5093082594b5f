import type { Context } from "fata-morgana/config";
import type { Clock, Console, HttpServer, Random, Stack } from "fata-morgana/devices";
import { talk } from "./client.ts";
import { serve } from "./server.ts";

interface Arguments {
  readonly port: number;
  readonly connect: string | undefined;
  readonly name: string;
}

export async function start(
  console: Console,
  stack: Stack,
  http: HttpServer,
  clock: Clock,
  random: Random,
  { args: { connect, name, port }, signal }: Context<Arguments>,
): Promise<number> {
  if (connect !== undefined) {
    return talk({ console, stack, clock, random, signal }, connect, port, name);
  }
  await serve({ console, stack, http, clock, random, signal }, port);
  return 0;
}
