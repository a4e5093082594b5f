import type { Context } from "fata-morgana/config";
import type {
  Clock,
  Console,
  HttpClient,
  HttpServer,
  KeyValueRead,
  Stack,
} from "fata-morgana/devices";
import { print } from "./print.ts";
import { handlerOf } from "./serve.ts";

interface Arguments {
  readonly url: string | undefined;
  readonly port: number;
}

export async function start(
  console: Console,
  client: HttpClient,
  server: HttpServer,
  pages: KeyValueRead,
  stack: Stack,
  clock: Clock,
  { args: { url, port }, signal }: Context<Arguments>,
): Promise<number> {
  await stack.configured(signal);
  if (url !== undefined) return print({ console, client, clock, signal }, url);
  const listener = server.serve(port, handlerOf(pages, clock));
  await console.writeLine(`Serving on ${stack.addresses.join(", ")}, port ${port}`);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  await listener[Symbol.asyncDispose]();
  return 0;
}
