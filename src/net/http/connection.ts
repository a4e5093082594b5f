/** A server's side of one connection (RFC 9112, 9): requests one after the other. */

import { FlowError } from "../../devices/errors.ts";
import type { Flow, HttpHandler, TcpFlow } from "../../devices/index.ts";
import { timersOf, type Timer, type Timers } from "../timers.ts";
import { bodyOf, drain, type BodyReader } from "./body.ts";
import { chunkedBodyWriter, plainBodyWriter, type BodyWriter } from "./body-writer.ts";
import { ContinuedBody } from "./continued-body.ts";
import { Exchange, hasOption, type ExchangeOwner } from "./exchange.ts";
import { FlowReader } from "./flow-reader.ts";
import { requestFraming, type Framing } from "./framing.ts";
import { HeadReader, type RequestHead } from "./head.ts";
import { HeadWriter } from "./head-writer.ts";
import { drainBytes, gatherBytes, lingerBytes, lingerMs } from "./limits.ts";
import { partsOf, type ResponseParts, type WholeBody } from "./realm.ts";
import { ReaderFlow } from "./reader-flow.ts";
import { reasonOf } from "./reasons.ts";
import { refusalStatus, type Refusal } from "./refusal.ts";
import { ServerRequest } from "./request.ts";
import { fieldOf, writeResponseHead } from "./response-head.ts";
import type { ServerParts } from "./server.ts";
import { checkTarget, Targets } from "./target.ts";

const encoder = new TextEncoder();

/** One connection, and the requests on it. */
export class ServerConnection implements ExchangeOwner {
  readonly flow: TcpFlow;
  readonly #server: ServerParts;
  readonly #handler: HttpHandler;
  readonly #reader: FlowReader;
  readonly #heads: HeadReader<RequestHead>;
  readonly #targets: Targets;
  readonly #writer = new HeadWriter();
  readonly #timers: Timers;
  readonly #stallTimer: Timer;
  /** Since when somebody has waited for room to write. */
  #writingSinceMs = Infinity;
  #exchange: Exchange | undefined;
  /** Whether another request may follow the present one. */
  #isKept = true;
  #isClosing = false;
  #isIdle = false;

  constructor(flow: TcpFlow, handler: HttpHandler, server: ServerParts) {
    const { clock, limits } = server;
    this.flow = flow;
    this.#server = server;
    this.#handler = handler;
    this.#reader = new FlowReader(flow, clock, (error) => this.#exchange?.fail(error));
    this.#heads = HeadReader.ofRequests(limits);
    this.#targets = new Targets(() => flow.local);
    this.#timers = timersOf(clock);
    this.#stallTimer = this.#timers.timer((nowMs) => this.#checkStall(nowMs));
  }

  /** Answers requests until there are no more. Never rejects. */
  async run(): Promise<void> {
    let isGivenAway = false;
    try {
      for (let head = await this.#nextHead(); head !== undefined; head = await this.#nextHead()) {
        await this.#serve(head);
        isGivenAway = this.#exchange?.isUpgraded === true;
        this.#exchange = undefined;
        if (!this.#isKept || isGivenAway) break;
      }
      if (!isGivenAway) await this.#finish();
    } catch (error) {
      this.#exchange?.fail(error);
      this.flow.abort();
    } finally {
      this.#stallTimer.clear();
      if (!isGivenAway) this.#reader.release();
    }
  }

  /** Ends the connection behind the request under way, or at once if there is none. */
  close(): void {
    this.#isClosing = true;
    this.#isKept = false;
    if (this.#isIdle) this.#reader.stopWaiting(closing);
  }

  /** Drops the connection, and what is under way on it. */
  abort(reason: unknown): void {
    this.#exchange?.fail(reason);
    this.flow.abort();
  }

  async upgrade(headers: Headers): Promise<Flow> {
    const fields = [...headers].flat();
    const mark = this.#writer.byteCount;
    try {
      this.#writer.statusLine(101, reasonOf(101));
      if (!headers.has("connection")) this.#writer.field("connection", "upgrade");
      for (let at = 0; at < fields.length; at += 2) {
        this.#writer.field(fields[at] ?? "", fields[at + 1] ?? "");
      }
      this.#writer.endHead();
    } catch (error) {
      this.#writer.truncate(mark);
      throw error;
    }
    await this.#flush();
    this.#server.counters.upgrades += 1;
    return new ReaderFlow(this.flow, this.#reader);
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
      if (this.#writer.byteCount > 0) await this.#flush();
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
    if (hasOption(options, "close")) this.#isKept = false;
    else if (head.minorVersion === 0) this.#isKept &&= hasOption(options, "keep-alive");
    const body = this.#bodyOf(head, framing);
    if (body === undefined) return;
    const exchange = new Exchange(this, head, this.#targets.origin, body);
    this.#exchange = exchange;
    this.#server.counters.requests += 1;
    if (head.target === "*") this.#answerShort(head, 204);
    else await this.#handle(exchange, body);
    exchange.isOver = true;
    if (exchange.isUpgraded) return;
    if (this.#writer.byteCount > gatherBytes) await this.#flush();
    if (body.isEnded || !this.#isKept) return;
    await this.#flush();
    if (!(await drain(body, drainBytes))) this.#isKept = false;
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
      this.#writer.text("HTTP/1.1 100 Continue\r\n\r\n");
      return this.#flush();
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
    if (!this.#canGoOn(exchange, body)) this.#isKept = false;
    if (hasOption(fieldOf(fields, "connection"), "close")) this.#isKept = false;
    const mark = this.#writer.byteCount;
    try {
      if (parts.body instanceof ReadableStream) {
        const stream = parts.body;
        const writer = this.#beginStream(exchange, parts);
        if (writer === undefined) await stream.cancel();
        else await this.#send(exchange, request, stream, writer);
      } else {
        await this.#sendWhole(exchange.head, parts, parts.body);
      }
    } catch (error) {
      if (!(error instanceof TypeError || error instanceof RangeError)) throw error;
      if (this.#writer.byteCount < mark) throw error;
      // Nothing has left yet.
      this.#writer.truncate(mark);
      this.#report(error, request, body);
      this.#answerFailed(exchange, body);
    }
  }

  /** Whether the next request will be found behind the body of this one. */
  #canGoOn(exchange: Exchange, body: BodyReader): boolean {
    if (body.isEnded) return true;
    if (body instanceof ContinuedBody && body.isWaiting) return false;
    return exchange.isBodyWanted || (body.byteCount ?? 0) <= drainBytes;
  }

  /** Sends an answer whose body is there, in one piece if it is small. */
  async #sendWhole(head: RequestHead, parts: ResponseParts, body: WholeBody): Promise<void> {
    const { status, statusText, fields } = parts;
    const writer = this.#writer;
    const isText = typeof body === "string" && body.length < gatherBytes && isAscii(body);
    const bytes = typeof body === "string" && !isText ? encoder.encode(body) : body;
    const isBodiless = status === 204 || status === 304;
    writeResponseHead(writer, status, statusText, fields, {
      dateLine: this.#server.date.line,
      byteCount: isBodiless ? undefined : this.#lengthFor(head, parts, bytes?.length ?? 0),
      isChunked: false,
      connection: this.#connectionField(head),
    });
    if (bytes === undefined || bytes.length === 0 || head.method === "HEAD") return;
    if (typeof bytes === "string") {
      writer.text(bytes);
    } else if (bytes.length < gatherBytes) {
      writer.bytes(bytes);
    } else {
      void this.flow.write(writer.take()).catch(() => {});
      await this.#untilRoom(this.flow.write(bytes));
    }
  }

  /** An answer to HEAD may say how long the body would be, and have none. */
  #lengthFor(head: RequestHead, { fields }: ResponseParts, byteCount: number): number | undefined {
    if (head.method !== "HEAD" || byteCount > 0) return byteCount;
    return lengthIn(fields);
  }

  /** Writes the head before a stream; gives what writes it, or nothing if it has no body. */
  #beginStream(exchange: Exchange, parts: ResponseParts): BodyWriter | undefined {
    const { status, statusText, fields } = parts;
    const { head } = exchange;
    const byteCount = lengthIn(fields);
    const isChunked = byteCount === undefined && head.minorVersion === 1;
    if (byteCount === undefined && !isChunked) this.#isKept = false;
    const isBodiless = status === 204 || status === 304;
    writeResponseHead(this.#writer, status, statusText, fields, {
      dateLine: this.#server.date.line,
      byteCount: isBodiless ? undefined : byteCount,
      isChunked: isChunked && !isBodiless,
      connection: this.#connectionField(head),
    });
    if (isBodiless || head.method === "HEAD") return undefined;
    return isChunked ? chunkedBodyWriter(this.flow) : plainBodyWriter(this.flow, byteCount);
  }

  /** Sends a stream. One that fails cuts the connection off, so that nobody takes it for whole. */
  async #send(
    exchange: Exchange,
    request: Request,
    stream: ReadableStream<Uint8Array>,
    writer: BodyWriter,
  ): Promise<void> {
    const source = stream.getReader();
    exchange.signal.addEventListener("abort", () => void source.cancel().catch(() => {}));
    this.#reader.readAhead();
    try {
      await this.#flush();
      for (let next = await source.read(); !next.done; next = await source.read()) {
        if (!(next.value instanceof Uint8Array)) {
          throw new TypeError("Cannot send the response: its stream gave no bytes");
        }
        await this.#untilRoom(writer.write(next.value));
      }
      if (exchange.isOver)
        throw new FlowError("reset", "Cannot send the response: its client went");
      await writer.end();
    } catch (error) {
      if (!(error instanceof FlowError)) this.#report(error, request);
      void source.cancel(error).catch(() => {});
      throw new FlowError("closed", "Cannot send the response", { cause: error });
    }
  }

  #connectionField({ minorVersion }: RequestHead): "close" | "keep-alive" | undefined {
    if (!this.#isKept) return "close";
    return minorVersion === 0 ? "keep-alive" : undefined;
  }

  /** Refuses what was sent, and with it all that may follow. */
  #refuse(refusal: Refusal): undefined {
    this.#count(refusal);
    this.#isKept = false;
    this.#answerShort(undefined, refusalStatus[refusal], refusal.replaceAll("-", " "));
    return undefined;
  }

  /** The handler failed before anything of its answer had left. */
  #answerFailed(exchange: Exchange, body: BodyReader): void {
    if (!this.#canGoOn(exchange, body)) this.#isKept = false;
    this.#answerShort(exchange.head, 500);
  }

  /** An answer of the server's own. */
  #answerShort(head: RequestHead | undefined, status: number, why?: string): void {
    const text = `${status} ${reasonOf(status)}${why === undefined ? "" : `: ${why}`}\n`;
    const isBodiless = status === 204;
    writeResponseHead(this.#writer, status, "", isBodiless ? [] : plainText, {
      dateLine: this.#server.date.line,
      byteCount: isBodiless ? undefined : text.length,
      isChunked: false,
      connection: head === undefined ? "close" : this.#connectionField(head),
    });
    if (!isBodiless && head?.method !== "HEAD") this.#writer.text(text);
  }

  #count(refusal: Refusal): void {
    const { counters } = this.#server;
    const status = refusalStatus[refusal];
    if (status === 408) counters.timedOut += 1;
    else if (status === 413 || status === 414 || status === 431) counters.tooLarge += 1;
    else counters.malformed += 1;
  }

  /** A handler failed, unless it was its client that did. */
  #report(error: unknown, request: Request, body?: BodyReader): void {
    if (body?.refusal !== undefined || this.#exchange?.isOver === true) return;
    this.#server.counters.handlerErrors += 1;
    this.#server.failed?.(error, request);
  }

  /** Sends what was written, and waits until there is room for more. */
  async #flush(): Promise<void> {
    if (this.#writer.byteCount > 0) await this.#untilRoom(this.flow.write(this.#writer.take()));
  }

  async #untilRoom(writing: Promise<void>): Promise<void> {
    const nowMs = this.#timers.nowMs();
    this.#writingSinceMs = nowMs;
    if (this.#stallTimer.deadlineMs === Infinity) {
      this.#stallTimer.set(nowMs + this.#server.limits.writeTimeoutMs);
    }
    await writing;
    this.#writingSinceMs = Infinity;
  }

  #checkStall(nowMs: number): void {
    if (this.#writingSinceMs === Infinity) return;
    const deadlineMs = this.#writingSinceMs + this.#server.limits.writeTimeoutMs;
    if (deadlineMs > nowMs) {
      this.#stallTimer.set(deadlineMs);
      return;
    }
    this.#server.counters.timedOut += 1;
    this.abort(new FlowError("timed-out", "Cannot send the response: its client takes nothing"));
  }

  /**
   * Ends the connection so that the client gets the last answer: input that is not read would make
   * an abort of it, which can overtake the answer (RFC 9112, 9.6).
   */
  async #finish(): Promise<void> {
    await this.#flush();
    await this.flow.shutdown("write");
    const reader = this.#reader;
    reader.setPatience(lingerMs);
    let left = lingerBytes;
    try {
      do {
        left -= reader.byteCount;
        reader.consume(reader.byteCount);
      } while (left > 0 && (await reader.more()));
    } catch {
      // It has had its time.
    }
    await this.flow[Symbol.asyncDispose]();
  }
}

/** Why an idle connection stops waiting. */
const closing = new Error("The server is shutting down");

const plainText: readonly string[] = ["content-type", "text/plain;charset=UTF-8"];

/** The length that a handler declared. */
function lengthIn(fields: readonly string[]): number | undefined {
  const text = fieldOf(fields, "content-length");
  if (text === undefined) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new TypeError(`Cannot send the response: "${text}" is no length`);
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at += 1) if (text.charCodeAt(at) > 0x7f) return false;
  return true;
}
