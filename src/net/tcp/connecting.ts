/** The wait for a connection that we open. */

import type { Endpoint, TcpFlow } from "../../devices/index.ts";
import type { Connection } from "./connection.ts";
import { ConnectionFlow } from "./flow.ts";
import { connectError } from "./refusals.ts";

/**
 * Resolves to the flow of a connection once it is established. If `signal` aborts before, the
 * connection is dropped.
 *
 * @throws {ProtocolError} if the connection fails before
 * @throws the signal's reason
 */
export function becomeEstablished(
  connection: Connection,
  to: Endpoint,
  nowMs: () => number,
  signal: AbortSignal | undefined,
): Promise<TcpFlow> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      connection.user = undefined;
      connection.abort(nowMs());
      reject(signal?.reason);
    };
    connection.user = {
      established() {
        signal?.removeEventListener("abort", abort);
        resolve(new ConnectionFlow(connection, nowMs));
      },
      hasInput() {},
      hasRoom() {},
      ended(failure) {
        signal?.removeEventListener("abort", abort);
        reject(connectError(to, failure ?? "closed"));
      },
    };
    signal?.addEventListener("abort", abort, { once: true });
  });
}
