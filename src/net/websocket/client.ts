/** The handshake of a client (RFC 6455, section 4.1). */

import { FlowError, HttpError } from "../../devices/errors.ts";
import type { Clock, Flow, Random, Stack } from "../../devices/index.ts";
import { FlowReader } from "../http/flow-reader.ts";
import { HeadReader, type ResponseHead } from "../http/head.ts";
import { HeadWriter } from "../http/head-writer.ts";
import { WebSocketConnection } from "./connection.ts";
import { canDeflate } from "./deflate.ts";
import { errorOfFlow, WebSocketError } from "./errors.ts";
import { agreesOnDeflate, deflateOffer, parseExtensions } from "./extensions.ts";
import { acceptKey, areProtocols, hasElement, makeKey, version } from "./handshake.ts";
import type { WebSocketSettings } from "./settings.ts";

/** What a client asks for. */
export interface UpgradeOptions extends WebSocketSettings {
  readonly clock: Clock;
  readonly random: Random;
  /** `ws://host:port/path?query`; of a name or an address, without a fragment. */
  readonly url: string;
  /** Subprotocols that are spoken, the best first; the server may choose one. */
  readonly protocols?: readonly string[];
  /** Further headers, such as `origin` or `authorization`. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Offers to compress messages, where the platform can; off by default. */
  readonly deflate?: boolean;
  /** How long the server may take to answer, in milliseconds; 10,000 by default. */
  readonly handshakeTimeoutMs?: number;
  /** Gives up before there is a connection; later it does nothing. */
  readonly signal?: AbortSignal;
}

/** What a client asks for, and what it connects with. */
export interface ConnectOptions extends UpgradeOptions {
  readonly stack: Pick<Stack, "connect">;
}

/** Of the head of an answer. */
const headLimits = { lineBytes: 1024, fieldBytes: 16_384, fieldCount: 100 };

/**
 * Connects to the server of a URL, and resolves when it has switched to WebSocket.
 *
 * @throws as {@link Stack.connect} and {@link upgrade}
 * @throws {TypeError} for a URL of another scheme than `ws`: for `wss`, give {@link upgrade} a flow
 */
export async function connect(options: ConnectOptions): Promise<WebSocketConnection> {
  const { signal, stack } = options;
  const url = urlOf(options.url);
  if (url.protocol !== "ws:") throw new TypeError(`Cannot connect to ${options.url}: no ws: URL`);
  const port = url.port === "" ? 80 : Number(url.port);
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
  const flow = await stack.connect(host, port, {
    noDelay: true,
    ...(signal === undefined ? {} : { signal }),
  });
  return upgrade(flow, options);
}

/**
 * Asks the server at the other end of a flow to switch to WebSocket. The flow is *given*, and
 * aborted when this fails.
 *
 * @throws {WebSocketError} `refused` with another status than 101, `malformed` if the answer is not
 *   one to what was asked, `too-large`, `reset`, `timed-out`
 * @throws {TypeError} for a URL, a header or a subprotocol that cannot be
 * @throws the signal's reason, when it aborts before
 */
export async function upgrade(flow: Flow, options: UpgradeOptions): Promise<WebSocketConnection> {
  const { signal } = options;
  const abort = (): void => flow.abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    signal?.throwIfAborted();
    return await shakeHands(flow, options);
  } catch (error) {
    flow.abort();
    throw signal?.aborted === true ? signal.reason : errorOf(error);
  } finally {
    signal?.removeEventListener("abort", abort);
  }
}

async function shakeHands(flow: Flow, options: UpgradeOptions): Promise<WebSocketConnection> {
  const key = makeKey(options.random);
  // If it cannot be written, reading fails too, and that has a deadline.
  flow.write(requestBytes(key, options)).catch(() => {});
  const reader = new FlowReader(flow, options.clock);
  try {
    reader.setPatience(options.handshakeTimeoutMs ?? 10_000, "head-timed-out");
    const { fields, status } = await readHead(reader);
    if (status !== 101) throw new WebSocketError("refused", `The server answered ${status}`);
    const isSwitch =
      hasElement(fields.get("upgrade"), "websocket") &&
      hasElement(fields.get("connection"), "upgrade") &&
      fields.get("sec-websocket-accept") === acceptKey(key);
    const protocol = fields.get("sec-websocket-protocol") ?? "";
    const isSpoken = protocol === "" || options.protocols?.includes(protocol) === true;
    const answers = parseExtensions(fields.get("sec-websocket-extensions") ?? "");
    const deflate = answers && agreesOnDeflate(answers, offersDeflate(options));
    if (!isSwitch || !isSpoken || deflate === undefined) {
      throw new WebSocketError("malformed", "The server answered what was not asked for");
    }
    const received = reader.take(Infinity) ?? new Uint8Array(0);
    const side = "client";
    return new WebSocketConnection({ ...options, flow, side, protocol, deflate, received });
  } finally {
    reader.release();
  }
}

function requestBytes(key: string, options: UpgradeOptions): Uint8Array {
  const { headers = {}, protocols = [] } = options;
  const url = urlOf(options.url);
  if (!areProtocols(protocols)) {
    throw new TypeError("Cannot ask for subprotocols that are no different tokens");
  }
  const writer = new HeadWriter();
  writer.requestLine("GET", url.pathname + url.search);
  writer.field("Host", url.host);
  writer.field("Upgrade", "websocket");
  writer.field("Connection", "Upgrade");
  writer.field("Sec-WebSocket-Key", key);
  writer.field("Sec-WebSocket-Version", version);
  if (protocols.length > 0) writer.field("Sec-WebSocket-Protocol", protocols.join(", "));
  if (offersDeflate(options)) writer.field("Sec-WebSocket-Extensions", deflateOffer);
  for (const [name, value] of Object.entries(headers)) writer.field(name, value);
  writer.endHead();
  return writer.take();
}

function offersDeflate({ deflate = false }: UpgradeOptions): boolean {
  return deflate && canDeflate();
}

function urlOf(text: string): URL {
  const url = new URL(text);
  // Section 3: a fragment means nothing to a server.
  if (!/^wss?:$/.test(url.protocol) || url.hash !== "") {
    throw new TypeError(`Cannot connect to ${text}: it is no URL of a WebSocket`);
  }
  return url;
}

async function readHead(reader: FlowReader): Promise<ResponseHead> {
  const heads = HeadReader.ofResponses(headLimits);
  while (await reader.more()) {
    const head = heads.read(reader.buffer, reader.start, reader.end);
    if (head === undefined) continue;
    if (typeof head === "string") {
      const code = /too-(?:large|long|many)/.test(head) ? "too-large" : "malformed";
      throw new WebSocketError(code, `The server's answer is no head of HTTP: ${head}`);
    }
    reader.consume(heads.byteCount);
    return head;
  }
  throw new WebSocketError("reset", "The server ended the connection before it answered");
}

/** What goes wrong below is said in the codes of a WebSocket. */
function errorOf(error: unknown): unknown {
  if (error instanceof FlowError) return errorOfFlow(error);
  if (!(error instanceof HttpError)) return error;
  return new WebSocketError("timed-out", "The server did not answer in time", { cause: error });
}
