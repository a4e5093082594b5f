/** One connection of a client: a request and its response at a time (RFC 9112, 9.3). */

import { HttpError } from "../../devices/errors.ts";
import type { Clock, TcpFlow } from "../../devices/index.ts";
import { bodyOf, type BodyReader } from "./body.ts";
import type { ClientSettings } from "./client-settings.ts";
import { FlowReader } from "./flow-reader.ts";
import { responseFraming, type Framing } from "./framing.ts";
import { HeadReader, type ResponseHead } from "./head.ts";
import { ReaderFlow } from "./reader-flow.ts";
import { refusalError } from "./refusal.ts";

/** As many answers that are not final may come before the one that is (RFC 9110, 15.2). */
const maxInterimCount = 32;

/** A response whose body is yet to be read. */
export interface ReceivedResponse {
  readonly head: ResponseHead;
  readonly framing: Framing;
  readonly body: BodyReader;
}

/** A connection to an origin. Who has it owns it, until it rests. */
export class ClientConnection {
  /** For bodies that are sent piece by piece. */
  readonly flow: TcpFlow;
  /** Where it leads, as the pool names it. */
  readonly origin: string;
  /** Whether it served a request before the present one. */
  isReused = false;
  /** Whether bytes of a response to the present request have arrived. */
  hasResponse = false;
  isClosed = false;
  readonly #settings: ClientSettings;
  readonly #reader: FlowReader;
  readonly #heads: HeadReader<ResponseHead>;
  #interimCount = 0;
  /** The read that was begun when nothing was wanted yet. */
  #coming: Promise<boolean> | undefined;
  #gone: ((connection: ClientConnection) => void) | undefined;

  constructor(flow: TcpFlow, origin: string, clock: Clock, settings: ClientSettings) {
    this.flow = flow;
    this.origin = origin;
    this.#settings = settings;
    this.#reader = new FlowReader(flow, clock);
    this.#heads = HeadReader.ofResponses(settings);
  }

  /** Begins a request: from now on the head of its response may take its time. */
  begin(): void {
    this.#gone = undefined;
    this.hasResponse = false;
    this.#interimCount = 0;
    this.#reader.setPatience(this.#settings.headTimeoutMs, "head-timed-out");
  }

  /** A body is being sent: the head may take its time from now on, unless it has come. */
  progress(): void {
    if (this.hasResponse) return;
    this.#reader.setPatience(this.#settings.headTimeoutMs, "head-timed-out");
  }

  /**
   * Writes bytes (*given*), and leaves it to the read of the response to tell whether that failed:
   * a server may answer without having read everything.
   */
  send(bytes: Uint8Array): void {
    this.flow.write(bytes).catch(ignore);
  }

  /**
   * Resolves when the server says that it wants the body, or after a while in which it says
   * nothing; to its response, if it does not want it.
   */
  async consent(method: string, continueTimeoutMs: number): Promise<ReceivedResponse | undefined> {
    const { headTimeoutMs } = this.#settings;
    this.#reader.setPatience(continueTimeoutMs, "head-timed-out");
    try {
      const head = await this.#readHead();
      return head.status === 100 ? undefined : await this.#receive(head, method);
    } catch (error) {
      if (!this.#reader.isLate || this.hasResponse) throw error;
      return undefined;
    } finally {
      this.#reader.setPatience(headTimeoutMs, "head-timed-out");
    }
  }

  /**
   * Reads the head of the response to a request with `method`, and passes over those that are not
   * final.
   *
   * @throws {HttpError} `malformed`, `too-large`, `timed-out`, or `connection-failed` if there is
   *   none
   * @throws {FlowError} as {@link Flow.read}
   */
  async receive(method: string): Promise<ReceivedResponse> {
    return this.#receive(await this.#readHead(), method);
  }

  /**
   * Reads the head of the response to a request that asks for another protocol, as
   * {@link ClientConnection.receive} does. If it is 101, the connection is the caller's, as a flow.
   */
  async receiveUpgrade(
    method: string,
  ): Promise<ReceivedResponse | { readonly head: ResponseHead; readonly flow: TcpFlow }> {
    const head = await this.#readHead();
    if (head.status !== 101) return this.#receive(head, method);
    this.isClosed = true;
    return { head, flow: new ReaderFlow(this.flow, this.#reader) };
  }

  /** Whether another request may follow, once all of the body was read (RFC 9112, 9.3). */
  canRest({ head, framing }: ReceivedResponse): boolean {
    if (framing.kind === "until-close" || framing.kind === "tunnel") return false;
    const options = head.fields.get("connection");
    if (options === undefined) return head.minorVersion === 1;
    const names = options.toLowerCase().split(/[ \t]*,[ \t]*/);
    return !names.includes("close") && (head.minorVersion === 1 || names.includes("keep-alive"));
  }

  /**
   * Keeps it for later. `gone` is called when it is good for nothing any more: the server ended it,
   * said something without being asked, or its time is over.
   */
  rest(gone: (connection: ClientConnection) => void): void {
    this.isReused = true;
    this.#gone = gone;
    this.#reader.setPatience(this.#settings.idleTimeoutMs);
    this.#coming ??= this.#reader.more();
    this.#coming.then(this.#stirred, this.#stirred);
  }

  /** Whether there is input that nobody asked for. */
  get hasInput(): boolean {
    this.#reader.take(0);
    return this.#reader.byteCount > 0 || this.#reader.isAtEnd;
  }

  /** Lets go of it in order, as one that rests. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#reader.release();
    this.flow[Symbol.asyncDispose]().catch(ignore);
  }

  /** Drops it at once. */
  abort(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#reader.release();
    this.flow.abort();
  }

  readonly #stirred = (): void => {
    const gone = this.#gone;
    this.#gone = undefined;
    gone?.(this);
  };

  async #receive(first: ResponseHead, method: string): Promise<ReceivedResponse> {
    let head = first;
    while (head.status < 200) {
      // Nobody asked for another protocol.
      this.#interimCount += 1;
      if (head.status === 101 || this.#interimCount > maxInterimCount) {
        throw new HttpError("malformed", `Cannot use the response: too many of ${head.status}`);
      }
      head = await this.#readHead();
    }
    return this.received(head, method);
  }

  /** What follows a head that is final. */
  received(head: ResponseHead, method: string): ReceivedResponse {
    const framing = responseFraming(head, method);
    if (typeof framing === "string") throw refusalError(framing);
    const { fieldBytes, fieldCount, bodyTimeoutMs } = this.#settings;
    const limits = { bodyBytes: Infinity, bodyTimeoutMs, fieldBytes, fieldCount };
    return { head, framing, body: bodyOf(framing, this.#reader, limits) };
  }

  async #readHead(): Promise<ResponseHead> {
    const reader = this.#reader;
    for (;;) {
      if (reader.byteCount > 0) {
        this.hasResponse = true;
        const head = this.#heads.read(reader.buffer, reader.start, reader.end);
        if (typeof head === "string") throw refusalError(head);
        if (head !== undefined) {
          reader.consume(this.#heads.byteCount);
          return head;
        }
      }
      const coming = this.#coming ?? reader.more();
      this.#coming = undefined;
      if (!(await coming)) {
        if (reader.byteCount > 0) throw refusalError("cut-off");
        throw new HttpError(
          "connection-failed",
          "The server ended the connection and said nothing",
        );
      }
    }
  }
}

function ignore(): void {}
