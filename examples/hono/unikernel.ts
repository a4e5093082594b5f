import type { Context } from "fata-morgana/config";
import type { Console, HttpServer, Stack } from "fata-morgana/devices";
import { appOf } from "./app.ts";

export async function start(
  console: Console,
  stack: Stack,
  http: HttpServer,
  { args: { port }, signal }: Context<{ readonly port: number }>,
): Promise<void> {
  const app = appOf((line) => void console.writeLine(line));
  await using _listener = http.serve(port, (request) => app.fetch(request));
  await stack.configured(signal);
  await console.writeLine(`Serving on port ${port} of ${stack.addresses.join(", ")}`);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
}
