/** The handshake of a server (RFC 6455, section 4.2). */

import type { Clock, HttpConnection, Random } from "../../devices/index.ts";
import { WebSocketConnection } from "./connection.ts";
import { canDeflate } from "./deflate.ts";
import { answerToDeflate, parseExtensions } from "./extensions.ts";
import { acceptKey, areProtocols, elementsOf, hasElement, isKey, version } from "./handshake.ts";
import type { WebSocketSettings } from "./settings.ts";

/** What is accepted, and with what. */
export interface AcceptOptions extends WebSocketSettings {
  readonly clock: Clock;
  readonly random: Random;
  /** The subprotocols that are spoken; of those, the one that the client likes most is chosen. */
  readonly protocols?: readonly string[];
  /**
   * Whether pages of an origin may connect; all may by default. Clients that are no browsers send
   * none. Who trusts cookies must look at it: browsers let every page connect anywhere.
   */
  allowsOrigin?(origin: string | undefined): boolean;
  /** Compresses messages, where client and platform can; off by default. */
  readonly deflate?: boolean;
}

/**
 * Answers a request to switch to WebSocket. Resolves to the connection, which is the caller's, or
 * to the response that the handler is to return instead: 400, 403, 405 or 426.
 *
 * @throws {HttpError} as {@link HttpConnection.upgrade}
 */
export async function accept(
  request: Request,
  connection: HttpConnection,
  options: AcceptOptions,
): Promise<WebSocketConnection | Response> {
  const refusal = refusalOf(request, options);
  if (refusal !== undefined) return refusal;
  const { headers } = request;
  const answer = new Headers({
    upgrade: "websocket",
    connection: "Upgrade",
    "sec-websocket-accept": acceptKey(headers.get("sec-websocket-key") ?? ""),
  });
  const offered = elementsOf(headers.get("sec-websocket-protocol"));
  const protocol = offered.find((each) => options.protocols?.includes(each)) ?? "";
  if (protocol !== "") answer.set("sec-websocket-protocol", protocol);
  const offers = parseExtensions(headers.get("sec-websocket-extensions") ?? "") ?? [];
  const isWanted = options.deflate === true && canDeflate();
  const extension = isWanted ? answerToDeflate(offers) : undefined;
  if (extension !== undefined) answer.set("sec-websocket-extensions", extension);
  const flow = await connection.upgrade(answer);
  const deflate = extension !== undefined;
  return new WebSocketConnection({ ...options, flow, side: "server", protocol, deflate });
}

/** What is wrong with a request (section 4.2.1), or `undefined`. */
function refusalOf({ headers, method }: Request, options: AcceptOptions): Response | undefined {
  if (method !== "GET") return refuse(405, "A WebSocket begins with GET", { allow: "GET" });
  const isUpgrade =
    hasElement(headers.get("upgrade"), "websocket") &&
    hasElement(headers.get("connection"), "upgrade");
  if (!isUpgrade || headers.get("sec-websocket-version") !== version) {
    const fields = {
      upgrade: "websocket",
      connection: "Upgrade",
      "sec-websocket-version": version,
    };
    return refuse(426, `This speaks WebSocket, version ${version}, alone`, fields);
  }
  if (!isKey(headers.get("sec-websocket-key") ?? "")) {
    return refuse(400, "Sec-WebSocket-Key is no base64 of 16 bytes");
  }
  if (!areProtocols(elementsOf(headers.get("sec-websocket-protocol")))) {
    return refuse(400, "Sec-WebSocket-Protocol is no list of different tokens");
  }
  if (parseExtensions(headers.get("sec-websocket-extensions") ?? "") === undefined) {
    return refuse(400, "Sec-WebSocket-Extensions makes no sense");
  }
  const origin = headers.get("origin") ?? undefined;
  if (options.allowsOrigin?.(origin) === false) return refuse(403, "This origin may not connect");
  return undefined;
}

function refuse(status: number, why: string, headers: Record<string, string> = {}): Response {
  return new Response(`${why}\n`, {
    status,
    headers: { "content-type": "text/plain", ...headers },
  });
}
