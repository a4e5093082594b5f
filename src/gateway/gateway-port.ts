/** The service worker's end of a gateway: requests out, answers in, many at a time. */

import { BodySink, BodySource, type Post } from "./body-stream.ts";
import type {
  BodyMessage,
  BodyOffer,
  FromGateway,
  RequestHead,
  ResponseHead,
  ToGateway,
} from "./protocol.ts";

/** An answer whose body is still to be read. */
export interface Answer {
  readonly head: ResponseHead;
  readonly body: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array<ArrayBuffer>> | undefined;
}

/** The gateway went away before it answered; the request may be made again. */
export class GatewayGone extends Error {}

interface Exchange {
  readonly answer: PromiseWithResolvers<Answer>;
  readonly source: BodySource | undefined;
  sink: BodySink | undefined;
}

/** A port to a gateway that is there. */
export class GatewayPort {
  /** Resolves when the gateway has said that it is there. */
  readonly ready: Promise<void>;
  readonly #port: MessagePort;
  readonly #ready = Promise.withResolvers<void>();
  readonly #exchanges = new Map<number, Exchange>();
  #nextId = 1;
  #isGone = false;

  constructor(port: MessagePort) {
    this.#port = port;
    this.ready = this.#ready.promise;
    this.ready.catch(() => {});
    port.addEventListener("message", ({ data }: MessageEvent<FromGateway>) => this.#receive(data));
    // Not every browser says so; the page does, when it goes.
    port.addEventListener("close", () => this.close());
    port.start();
  }

  /** Whether {@link close} was called, or the other end has gone. */
  get isGone(): boolean {
    return this.#isGone;
  }

  /** Whether there are requests under way. */
  get isBusy(): boolean {
    return this.#exchanges.size > 0;
  }

  /**
   * Makes a request. Resolves when the head of its answer is there.
   *
   * @throws {GatewayGone}
   */
  send(
    head: RequestHead,
    body: ReadableStream<Uint8Array> | Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<Answer> {
    if (this.#isGone) return Promise.reject(new GatewayGone());
    const id = this.#nextId++;
    const answer = Promise.withResolvers<Answer>();
    const isStream = body instanceof ReadableStream;
    const source = isStream ? new BodySource(id, body, this.#post) : undefined;
    this.#exchanges.set(id, { answer, source, sink: undefined });
    const offer: BodyOffer = isStream ? "stream" : body;
    this.#say({ type: "request", id, head, body: offer }, []);
    signal.addEventListener("abort", () => this.#cancel(id, signal.reason));
    return answer.promise;
  }

  /** The gateway has gone, and with it what it had not answered. */
  close(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    this.#ready.reject(new GatewayGone());
    for (const { answer, sink } of this.#exchanges.values()) {
      answer.reject(new GatewayGone());
      sink?.fail("The page that serves this site was closed");
    }
    this.#exchanges.clear();
    this.#port.close();
  }

  #receive(message: FromGateway): void {
    if (message.type === "ready") return this.#ready.resolve();
    const exchange = this.#exchanges.get(message.id);
    if (exchange === undefined) return;
    if (message.type === "response") this.#answer(message.id, exchange, message);
    else if (message.type === "pull") exchange.source?.pull();
    else exchange.sink?.receive(message);
  }

  #answer(
    id: number,
    exchange: Exchange,
    { head, body }: { readonly head: ResponseHead; readonly body: BodyOffer },
  ): void {
    if (body === "stream") {
      const onCancel = (): void => this.#say({ type: "cancel", id }, []);
      exchange.sink = new BodySink(id, this.#post, onCancel, () => this.#exchanges.delete(id));
      return exchange.answer.resolve({ head, body: exchange.sink.stream });
    }
    this.#exchanges.delete(id);
    exchange.source?.cancel("The site has answered without reading on");
    exchange.answer.resolve({ head, body: body as Uint8Array<ArrayBuffer> | undefined });
  }

  #cancel(id: number, reason: unknown): void {
    const exchange = this.#exchanges.get(id);
    if (exchange === undefined) return;
    this.#exchanges.delete(id);
    this.#say({ type: "cancel", id }, []);
    exchange.source?.cancel("The request was cancelled");
    exchange.answer.reject(reason);
  }

  readonly #post: Post = (message: BodyMessage, transfer) => this.#say(message, transfer);

  #say(message: ToGateway, transfer: Transferable[]): void {
    this.#port.postMessage(message, transfer);
  }
}
