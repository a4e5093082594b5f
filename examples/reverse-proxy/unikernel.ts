import type { Context } from "fata-morgana/config";
import type { Clock, Console, HttpClient, HttpServer, Random, Stack } from "fata-morgana/devices";
import type { BackendPolicy } from "fata-morgana/net/proxy/backends";
import { ask } from "./ask.ts";
import { carry, readServers } from "./carry.ts";
import { handlerOf } from "./serve.ts";

interface Arguments {
  readonly servers: string | undefined;
  readonly policy: BackendPolicy;
  readonly name: string;
  readonly ask: string | undefined;
  readonly everyMs: number;
  readonly port: number;
}

/** One of three: the proxy, a server behind it, or a client that asks again and again. */
export async function start(
  console: Console,
  stack: Stack,
  http: HttpServer,
  client: HttpClient,
  clock: Clock,
  random: Random,
  { args, signal }: Context<Arguments>,
): Promise<number> {
  await stack.configured(signal);
  if (args.ask !== undefined) {
    return ask({ console, client, clock, signal }, args.ask, args.everyMs);
  }
  if (args.servers !== undefined) {
    const backends = readServers(args.servers);
    if (backends === undefined) {
      await console.writeLine(`Cannot carry on to ${args.servers}: those are no servers`);
      return 64;
    }
    return carry({ console, stack, http, clock, random, signal }, { ...args, backends });
  }
  await using _listener = http.serve(args.port, handlerOf(args.name, console));
  const { addresses } = stack;
  await console.writeLine(`I am ${args.name}, on port ${args.port} of ${addresses.join(", ")}`);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  return 0;
}
