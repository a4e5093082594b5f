/** Services that stand on a network stack. */

import type { HttpClient, HttpServer, Stack } from "../devices/index.ts";
import { connect as connectHttpClient, type ClientOptions } from "../net/http/client.ts";
import { connect as connectHttpServer, type HttpServerOptions } from "../net/http/server.ts";
import { device, type DeviceDescription } from "./device.ts";
import { defaultClock } from "./devices.ts";

/**
 * An HTTP server over a stack, with limits that are not the usual ones. What a handler throws is
 * written to the console; its client only hears 500.
 */
export function httpServer(
  stack: DeviceDescription<Stack>,
  { limits = {} }: Pick<HttpServerOptions, "limits"> = {},
): DeviceDescription<HttpServer> {
  return device({
    name: "http",
    signature: "HttpServer",
    needs: [stack, defaultClock],
    connect: ({ host }, { tcp }, clock) => {
      const failed = (error: unknown): void => {
        void host
          .console()
          .writeLine(`error http: ${error instanceof Error ? error.stack : String(error)}`);
      };
      return connectHttpServer({ tcp, clock, limits, failed });
    },
  });
}

/**
 * An HTTP client over a stack, with settings that are not the usual ones. **It speaks no TLS**, so
 * that `https:` is an error.
 */
export function httpClient(
  stack: DeviceDescription<Stack>,
  { settings = {} }: Pick<ClientOptions, "settings"> = {},
): DeviceDescription<HttpClient> {
  return device({
    name: "httpClient",
    signature: "HttpClient",
    needs: [stack, defaultClock],
    connect: (_context, over, clock) => connectHttpClient({ stack: over, clock, settings }),
  });
}
