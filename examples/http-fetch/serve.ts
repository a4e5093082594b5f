import type { Clock, HttpHandler, KeyValueRead } from "fata-morgana/devices";
import { staticFiles } from "fata-morgana/net/http/static-files";

/** Seconds that `/clock` counts. */
const ticks = 5;

/** Serves the pages, and at `/clock` a body that takes its time. */
export function handlerOf(pages: KeyValueRead, clock: Clock): HttpHandler {
  const files = staticFiles(pages, { clock, cacheControl: "no-cache" });
  return (request, connection) => {
    if (new URL(request.url).pathname !== "/clock") return files(request, connection);
    const headers = { "content-type": "text/plain; charset=utf-8" };
    return new Response(countdown(clock, request.signal), { headers });
  };
}

/** A line each second, while somebody reads. */
function countdown(clock: Clock, signal: AbortSignal): ReadableStream<Uint8Array<ArrayBuffer>> {
  let left = ticks;
  return new ReadableStream({
    async pull(controller) {
      if (left < ticks) await clock.sleep(1000, signal);
      controller.enqueue(new TextEncoder().encode(left === 0 ? "now\n" : `${left}\n`));
      if (left === 0) controller.close();
      left -= 1;
    },
  });
}
