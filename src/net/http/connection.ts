/** A server's side of one connection (RFC 9112, 9): requests one after the other. */

import { FlowError } from "../../devices/errors.ts";
import type { Flow, HttpHandler, TcpFlow } from "../../devices/index.ts";
import { Answers } from "./answers.ts";
import { bodyOf, drain, type BodyReader } from "./body.ts";
import type { BodyWriter } from "./body-writer.ts";
import { ContinuedBody } from "./continued-body.ts";
import { endGently } from "./end-gently.ts";
import { Exchange, hasOption, type ExchangeOwner } from "./exchange.ts";
import { FlowReader } from "./flow-reader.ts";
import { requestFraming, type Framing } from "./framing.ts";
import { HeadReader, type RequestHead } from "./head.ts";
import { drainBytes, gatherBytes } from "./limits.ts";
import { Output, stalledError } from "./output.ts";
import { partsOf, type ResponseParts } from "./realm.ts";
import { ReaderFlow } from "./reader-flow.ts";
import { refusalStatus, type Refusal } from "./refusal.ts";
import { ServerRequest } from "./request.ts";
import { fieldOf, writeUpgradeHead } from "./response-head.ts";
import type { ServerParts } from "./server.ts";
import { checkTarget, Targets } from "./target.ts";

/** One connection, and the requests on it. */
export class ServerConnection implements ExchangeOwner {
  readonly flow: TcpFlow;
  /** Resolves when the connection is over or given away, also while a handler still runs. */
  readonly ended: Promise<void>;
  #end = (): void => {};
  readonly #server: ServerParts;
  readonly #handler: HttpHandler;
  readonly #reader: FlowReader;
  readonly #heads: HeadReader<RequestHead>;
  readonly #targets: Targets;
  readonly #output: Output;
  readonly #answers: Answers;
  #exchange: Exchange | undefined;
  #isClosing = false;
  #isIdle = false;
  /** Whether it was idle when it was closed. */
  #isResting = false;

  constructor(flow: TcpFlow, handler: HttpHandler, server: ServerParts) {
    const { clock, limits } = server;
    this.flow = flow;
    this.ended = new Promise((resolve) => (this.#end = resolve));
    this.#server = server;
    this.#handler = handler;
    this.#reader = new FlowReader(flow, clock, {
      failed: (error) => this.#fail(error),
      ended: () => this.#exchange?.leave(endedError()),
    });
    this.#heads = HeadReader.ofRequests(limits);
    this.#targets = new Targets(() => flow.local);
    this.#output = new Output(flow, clock, limits.writeTimeoutMs, () => {
      server.counters.timedOut += 1;
      this.abort(stalledError());
    });
    this.#answers = new Answers(this.#output, server.date);
  }

  /** Answers requests until there are no more. Never rejects. */
  async run(): Promise<void> {
    let isGivenAway = false;
    try {
      for (let head = await this.#nextHead(); head !== undefined; head = await this.#nextHead()) {
        await this.#serve(head);
        isGivenAway = this.#exchange?.isUpgraded === true;
        this.#exchange = undefined;
        if (!this.#answers.isKept || isGivenAway) break;
      }
      if (isGivenAway) return;
      await this.#output.flush();
      // The last answer of one that rests has long arrived.
      if (this.#isResting) await this.flow[Symbol.asyncDispose]();
      else await endGently(this.flow, this.#reader);
    } catch (error) {
      this.abort(error);
    } finally {
      this.#output.release();
      if (!isGivenAway) this.#reader.release();
      this.#end();
    }
  }

  /** Ends the connection behind the request under way, or at once if there is none. */
  close(): void {
    this.#isClosing = true;
    this.#answers.isKept = false;
    if (!this.#isIdle) return;
    this.#isResting = true;
    this.#reader.stopWaiting(closing);
  }

  /** Drops the connection, and what is under way on it. */
  abort(reason: unknown): void {
    this.#fail(reason);
    this.flow.abort();
  }

  async upgrade(headers: Headers): Promise<Flow> {
    writeUpgradeHead(this.#output.writer, headers);
    await this.#output.flush();
    this.#server.counters.upgrades += 1;
    this.#end();
    return new ReaderFlow(this.flow, this.#reader);
  }

  #fail(reason: unknown): void {
    this.#exchange?.fail(reason);
    this.#end();
  }

  /** The next request that makes sense; `undefined` if the connection is to end. */
  async #nextHead(): Promise<RequestHead | undefined> {
    const reader = this.#reader;
    const { limits } = this.#server;
    let isBegun = false;
    for (;;) {
      const head = this.#heads.read(reader.buffer, reader.start, reader.end);
      if (typeof head === "object") {
        reader.consume(this.#heads.byteCount);
        return head;
      }
      if (head !== undefined) return this.#refuse(head);
      if (this.#output.writer.byteCount > 0) await this.#output.flush();
      this.#isIdle = reader.byteCount === 0;
      if (this.#isIdle && this.#isClosing) return undefined;
      if (this.#isIdle) reader.setPatience(limits.idleTimeoutMs, "head-timed-out");
      else if (!isBegun) reader.setPatience(limits.headTimeoutMs, "head-timed-out");
      isBegun = !this.#isIdle;
      const next = await this.#moreOfHead();
      if (next !== "more") return next === undefined ? undefined : this.#refuse(next);
    }
  }

  /** Waits for more of a head. */
  async #moreOfHead(): Promise<"more" | Refusal | undefined> {
    try {
      if (await this.#reader.more()) return "more";
    } catch (error) {
      if (error instanceof FlowError) throw error;
      return this.#isIdle ? undefined : "head-timed-out";
    } finally {
      this.#isIdle = false;
    }
    if (this.#reader.byteCount > 0) this.#count("cut-off");
    return undefined;
  }

  /** Answers one request. */
  async #serve(head: RequestHead): Promise<void> {
    const framing = checkTarget(head) ?? this.#targets.check(head) ?? requestFraming(head);
    if (typeof framing === "string") {
      this.#refuse(framing);
      return;
    }
    const options = head.fields.get("connection");
    if (hasOption(options, "close")) this.#answers.isKept = false;
    else if (head.minorVersion === 0) this.#answers.isKept &&= hasOption(options, "keep-alive");
    const body = this.#bodyOf(head, framing);
    if (body === undefined) return;
    const exchange = new Exchange(this, head, this.#targets.origin, body);
    this.#exchange = exchange;
    this.#server.counters.requests += 1;
    if (head.target === "*") this.#answers.sendShort(head, 204);
    else await this.#handle(exchange, body);
    exchange.isOver = true;
    if (exchange.isUpgraded) return;
    if (this.#output.writer.byteCount > gatherBytes) await this.#output.flush();
    if (body.isEnded || !this.#answers.isKept) return;
    await this.#output.flush();
    if (!(await drain(body, drainBytes))) this.#answers.isKept = false;
  }

  /** The body of a request; `undefined` if it was refused for it. */
  #bodyOf({ minorVersion, fields }: RequestHead, framing: Framing): BodyReader | undefined {
    const body = bodyOf(framing, this.#reader, this.#server.limits);
    if (body.refusal !== undefined) {
      this.#refuse(body.refusal);
      return undefined;
    }
    const expectation = minorVersion === 0 ? undefined : fields.get("expect");
    if (expectation === undefined || body.isEnded) return body;
    if (expectation.toLowerCase() !== "100-continue") {
      this.#refuse("unknown-expectation");
      return undefined;
    }
    return new ContinuedBody(body, () => {
      this.#output.writer.text("HTTP/1.1 100 Continue\r\n\r\n");
      return this.#output.flush();
    });
  }

  /** Asks the handler, and sends what it says. */
  async #handle(exchange: Exchange, body: BodyReader): Promise<void> {
    const request = new ServerRequest(exchange) as unknown as Request;
    let parts: ResponseParts | undefined;
    try {
      const answer = this.#handler(request, exchange);
      let response = answer instanceof Response ? answer : undefined;
      if (response === undefined) {
        // So that it is noticed when the client goes away.
        this.#reader.readAhead();
        if (this.#output.writer.byteCount > 0) await this.#flushUnlessQuick(answer);
        response = await answer;
      }
      if (exchange.isUpgraded) return;
      if (response === undefined)
        throw new TypeError("Cannot answer: the handler gave no response");
      parts = partsOf(response);
    } catch (error) {
      this.#report(error, request, body);
      if (exchange.isUpgraded) this.flow.abort();
      else if (body.refusal !== undefined) this.#refuse(body.refusal);
      else this.#answerFailed(exchange, body);
      return;
    }
    await this.#answer(exchange, request, body, parts);
  }

  async #answer(
    exchange: Exchange,
    request: Request,
    body: BodyReader,
    parts: ResponseParts,
  ): Promise<void> {
    const { fields } = parts;
    if (body.refusal !== undefined) this.#count(body.refusal);
    if (!this.#canGoOn(exchange, body)) this.#answers.isKept = false;
    if (hasOption(fieldOf(fields, "connection"), "close")) this.#answers.isKept = false;
    const mark = this.#output.writer.byteCount;
    try {
      if (parts.body instanceof ReadableStream) {
        const stream = parts.body;
        const writer = this.#answers.beginStream(exchange.head, parts);
        if (writer === undefined) await stream.cancel();
        else await this.#stream(exchange, request, body, stream.getReader(), writer);
      } else {
        await this.#answers.sendWhole(exchange.head, parts, parts.body);
      }
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
      if (this.#output.writer.byteCount < mark) throw error;
      // Nothing has left yet.
      this.#output.writer.truncate(mark);
      this.#report(error, request, body);
      this.#answerFailed(exchange, body);
    }
  }

  /** Sends a stream. One that fails cuts the connection off: nobody must take it for whole. */
  async #stream(
    exchange: Exchange,
    request: Request,
    body: BodyReader,
    source: ReadableStreamDefaultReader<Uint8Array>,
    writer: BodyWriter,
  ): Promise<void> {
    const cancel = (reason: unknown): void => void source.cancel(reason).catch(() => {});
    exchange.failed = cancel;
    this.#reader.readAhead();
    try {
      await this.#answers.sendStream(source, writer, () => exchange.isOver);
    } catch (error) {
      if (body.refusal !== undefined) this.#count(body.refusal);
      else if (!(error instanceof FlowError)) this.#report(error, request, body);
      cancel(error);
      throw new FlowError("closed", "Cannot send the response", { cause: error });
    }
  }

  /** Sends what was gathered, unless the handler is so quick that its answer can go with it. */
  async #flushUnlessQuick(answer: unknown): Promise<void> {
    const state = { isThere: false };
    const settle = (): void => void (state.isThere = true);
    void Promise.resolve(answer).then(settle, settle);
    for (let turn = 0; turn < quickTurns && !state.isThere; turn += 1) await Promise.resolve();
    if (!state.isThere) await this.#output.flush();
  }

  /** Whether the next request will be found behind the body of this one. */
  #canGoOn(exchange: Exchange, body: BodyReader): boolean {
    if (body.isEnded) return true;
    if (body.refusal !== undefined) return false;
    if (body instanceof ContinuedBody && body.isWaiting) return false;
    return exchange.isBodyWanted || (body.byteCount ?? 0) <= drainBytes;
  }

  /** Refuses what was sent, and with it all that may follow. */
  #refuse(refusal: Refusal): undefined {
    this.#count(refusal);
    this.#answers.isKept = false;
    this.#answers.sendShort(undefined, refusalStatus[refusal], refusal.replaceAll("-", " "));
    return undefined;
  }

  /** The handler failed before anything of its answer had left. */
  #answerFailed(exchange: Exchange, body: BodyReader): void {
    if (!this.#canGoOn(exchange, body)) this.#answers.isKept = false;
    this.#answers.sendShort(exchange.head, 500);
  }

  #count(refusal: Refusal): void {
    const { counters } = this.#server;
    const status = refusalStatus[refusal];
    if (status === 408) counters.timedOut += 1;
    else if (status === 413 || status === 414 || status === 431) counters.tooLarge += 1;
    else counters.malformed += 1;
  }

  /** A handler failed, unless it was its client that did. */
  #report(error: unknown, request: Request, body: BodyReader): void {
    if (body.refusal !== undefined || this.#exchange?.isOver === true) return;
    this.#server.counters.handlerErrors += 1;
    this.#server.failed?.(error, request);
  }
}

/** Why a request's signal aborts whose client sends nothing more: most then take nothing, too. */
function endedError(): FlowError {
  return new FlowError("closed", "Cannot go on with the request: its client has ended the stream");
}

/** Why an idle connection stops waiting. */
const closing = new Error("The server is shutting down");

/** Steps of the engine's queue that a quick handler takes at most. */
const quickTurns = 8;
