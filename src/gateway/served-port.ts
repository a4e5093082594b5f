/** The gateway's end of a service worker's port. */

import { BodySink, BodySource, type Post, ownBytes } from "./body-stream.ts";
import type { FromGateway, ToGateway } from "./protocol.ts";
import type { SiteGateway } from "./site-gateway.ts";

interface Exchange {
  readonly abort: AbortController;
  readonly sink: BodySink | undefined;
  source: BodySource | undefined;
}

/** Answers the requests that come from a port, which is *given*, until it is closed. */
export function servePort(site: SiteGateway, port: MessagePort): void {
  const served = new ServedPort(site, port);
  port.addEventListener("message", ({ data }: MessageEvent<ToGateway>) => served.receive(data));
  port.addEventListener("close", () => served.close());
  port.start();
  port.postMessage({ type: "ready" } satisfies FromGateway);
}

class ServedPort {
  readonly #site: SiteGateway;
  readonly #port: MessagePort;
  readonly #exchanges = new Map<number, Exchange>();

  constructor(site: SiteGateway, port: MessagePort) {
    this.#site = site;
    this.#port = port;
  }

  receive(message: ToGateway): void {
    if (message.type === "request") return void this.#request(message);
    const exchange = this.#exchanges.get(message.id);
    if (exchange === undefined) return;
    if (message.type === "pull") exchange.source?.pull();
    else if (message.type === "cancel") this.#cancel(message.id, exchange);
    else exchange.sink?.receive(message);
  }

  close(): void {
    for (const [id, exchange] of this.#exchanges) this.#cancel(id, exchange);
  }

  async #request({ id, head, body }: ToGateway & { readonly type: "request" }): Promise<void> {
    const abort = new AbortController();
    const sink =
      body === "stream"
        ? new BodySink(
            id,
            this.#post,
            () => {},
            () => {},
          )
        : undefined;
    const exchange: Exchange = { abort, sink, source: undefined };
    this.#exchanges.set(id, exchange);
    try {
      const whole = body instanceof Uint8Array ? body : undefined;
      const answer = await this.#site.answer(head, sink?.stream ?? whole, abort.signal);
      if (!this.#exchanges.has(id)) return;
      if (answer.body instanceof ReadableStream) {
        exchange.source = new BodySource(id, answer.body, this.#post);
        return this.#say({ type: "response", id, head: answer.head, body: "stream" }, []);
      }
      this.#exchanges.delete(id);
      const bytes = answer.body && ownBytes(answer.body);
      const transfer = bytes === undefined ? [] : [bytes.buffer];
      this.#say({ type: "response", id, head: answer.head, body: bytes }, transfer);
    } catch {
      // It was cancelled: nobody waits.
      this.#exchanges.delete(id);
    }
  }

  #cancel(id: number, { abort, sink, source }: Exchange): void {
    this.#exchanges.delete(id);
    abort.abort();
    source?.cancel("The browser wants no more");
    sink?.fail("The browser went away");
  }

  readonly #post: Post = (message, transfer) => {
    const isOver = message.type === "end" || message.type === "abort";
    if (isOver) this.#exchanges.delete(message.id);
    this.#say(message, transfer);
  };

  #say(message: FromGateway, transfer: Transferable[]): void {
    this.#port.postMessage(message, transfer);
  }
}
