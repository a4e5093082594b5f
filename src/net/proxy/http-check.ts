/** Asks a server whether it serves, by a request of its own. */

import type { HttpClient } from "../../devices/index.ts";
import { forwardedRequest } from "../http/forwarded-request.ts";
import { type BackendAddress, nameOf } from "./backends.ts";
import type { HttpChecks } from "./http-proxy-options.ts";

/** What rejects if a server has no answer, or one that a healthy one would not have. */
export function checkerOf(
  client: HttpClient,
  { path = "/", isHealthy = isNoError }: HttpChecks = {},
): (address: BackendAddress, signal: AbortSignal) => Promise<void> {
  return async (address, signal) => {
    const name = nameOf(address);
    const headers = [["user-agent", "fata-morgana-health-check"]] as const;
    const request = { method: "GET", url: `http://${name}${path}`, headers, signal };
    const { status, body } = await client.fetch(forwardedRequest(request));
    await body?.cancel();
    if (!isHealthy(status)) throw new Error(`${name} answers ${status}`);
  };
}

function isNoError(status: number): boolean {
  return status >= 200 && status < 400;
}
