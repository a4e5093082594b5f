import type { Context } from "fata-morgana/config";
import type {
  Clock,
  Console,
  HttpHandler,
  HttpServer,
  KeyValue,
  Random,
  Stack,
} from "fata-morgana/devices";
import { serviceOf } from "./service.ts";

interface Arguments {
  readonly port: number;
  readonly passwordCost: number;
}

export async function start(
  console: Console,
  stack: Stack,
  http: HttpServer,
  store: KeyValue,
  clock: Clock,
  random: Random,
  { args: { port, passwordCost }, signal }: Context<Arguments>,
): Promise<void> {
  const service = serviceOf({ store, clock, random, passwordCost });
  const handler: HttpHandler = async (request) => {
    const response = await service(request);
    const { pathname } = new URL(request.url);
    void console.writeLine(`${request.method} ${pathname} ${response.status}`);
    return response;
  };
  await using _listener = http.serve(port, handler);
  await stack.configured(signal);
  await console.writeLine(`Serving on port ${port} of ${stack.addresses.join(", ")}`);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
}
