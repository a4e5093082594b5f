import type { Context } from "fata-morgana/config";
import type { Console, HttpHandler, HttpServer, KeyValueRead, Stack } from "fata-morgana/devices";
import { staticFiles } from "fata-morgana/net/http/static-files";

export async function start(
  console: Console,
  stack: Stack,
  http: HttpServer,
  site: KeyValueRead,
  { args: { port }, signal }: Context<{ readonly port: number }>,
): Promise<void> {
  const files = staticFiles(site, { notFound: ["404.html"] });
  const handler: HttpHandler = async (request, connection) => {
    const response = await files(request, connection);
    const { pathname } = new URL(request.url);
    void console.writeLine(`${request.method} ${pathname} ${response?.status}`);
    return response;
  };
  await using _listener = http.serve(port, handler);
  await stack.configured(signal);
  await console.writeLine(`Serving on port ${port} of ${stack.addresses.join(", ")}`);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
}
