import type { Context } from "fata-morgana/config";
import type { Console, HttpServer, Stack } from "fata-morgana/devices";

const body = "a".repeat(100);
const headers = { "content-type": "text/plain" };

export async function start(
  console: Console,
  stack: Stack,
  http: HttpServer,
  { args: { port }, signal }: Context<{ readonly port: number }>,
): Promise<void> {
  http.serve(port, () => new Response(body, { headers }));
  await stack.configured(signal);
  await console.writeLine(`Serving on port ${port}`);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
}
