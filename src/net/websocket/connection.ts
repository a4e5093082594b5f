/** A WebSocket over a flow, once the handshake is done (RFC 6455, sections 5 to 7). */

import type { Device, Flow } from "../../devices/index.ts";
import { timersOf, type Timer, type Timers } from "../timers.ts";
import { closeCode, encodeClose, encodeCloseAnswer, type ClosePayload } from "./close-frame.ts";
import type { CloseReason } from "./close-reason.ts";
import { inflate } from "./deflate.ts";
import { errorOfFlow, WebSocketError } from "./errors.ts";
import { FrameParser, type FrameEvent, type MessagePart, type Violation } from "./frame-parser.ts";
import { Incoming } from "./incoming.ts";
import { KeepAlive } from "./keep-alive.ts";
import { MessageBuffer, type Fragment, type Message } from "./message-buffer.ts";
import { Outgoing } from "./outgoing.ts";
import { defaultSettings, type WebSocketOptions, type WebSocketSettings } from "./settings.ts";
import { isUtf8 } from "./utf8.ts";

const errorCodes = { 1002: "malformed", 1007: "invalid-payload", 1009: "too-large" } as const;

type State = "open" | "closing" | "failing" | "closed";

/**
 * A connection, open from the start. Frames are read as they come until the receive queue is full;
 * Pings and Close frames behind a full queue wait too, and then no keep-alive time runs.
 */
export class WebSocketConnection implements Device {
  /** The subprotocol that was agreed on, or empty. */
  readonly protocol: string;
  /** Resolves when the connection has ended and its flow was let go of. Never rejects. */
  readonly closed: Promise<CloseReason>;
  /**
   * What went each way, bytes with their headers. `pongsDropped` counts Pings that came too fast
   * to answer each, `messagesDropped` messages that came after this side had closed.
   */
  readonly counters: Readonly<Record<string, number>>;
  readonly #totals = {
    messagesIn: 0,
    messagesOut: 0,
    messagesDropped: 0,
    bytesIn: 0,
    bytesOut: 0,
    pingsIn: 0,
    pongsIn: 0,
    pongsOut: 0,
    pongsDropped: 0,
  };
  readonly #flow: Flow;
  readonly #side: "client" | "server";
  readonly #settings: Required<WebSocketSettings>;
  readonly #timers: Timers;
  readonly #parser: FrameParser;
  readonly #incoming: Incoming;
  readonly #outgoing: Outgoing;
  readonly #keepAlive: KeepAlive;
  readonly #deadline: Timer;
  readonly #decoding = new MessageBuffer();
  readonly #inflating = new MessageBuffer();
  #state: State = "open";
  #isReceiving = false;
  /** Whether the peer has shut down writing. */
  #hasEnded = false;
  /** What the peer's Close frame said, and whether ours went. */
  #peerClose: ClosePayload | undefined;
  #hasSentClose = false;
  #error: WebSocketError | undefined;
  #openFragment: "text" | "binary" | undefined;
  #resolveClosed: (reason: CloseReason) => void = () => {};

  constructor(options: WebSocketOptions) {
    const { flow, clock, random, side, protocol = "", deflate: isCompressible = false } = options;
    const settings = { ...defaultSettings, ...options };
    this.protocol = protocol;
    this.closed = new Promise((resolve) => (this.#resolveClosed = resolve));
    this.#flow = flow;
    this.#side = side;
    this.#settings = settings;
    this.#timers = timersOf(clock);
    this.#parser = new FrameParser({
      ...settings,
      isPeerMasking: side === "server",
      isCompressible,
    });
    this.#incoming = new Incoming(settings.receiveQueueBytes);
    this.#outgoing = new Outgoing({
      flow,
      random: side === "client" ? random : undefined,
      fragmentBytes: settings.fragmentBytes,
      deflateFromBytes: isCompressible ? settings.deflateFromBytes : Infinity,
      counters: this.#totals,
      failed: (error) => this.#lose(error),
    });
    this.counters = this.#totals;
    this.#keepAlive = new KeepAlive({
      ...settings,
      timers: this.#timers,
      ping: (sent) => this.#outgoing.ping(new Uint8Array(0), sent),
      lost: () => this.#tooLate(),
    });
    this.#deadline = this.#timers.timer(() => this.#tooLate());
    void this.#run(options.received ?? new Uint8Array(0));
  }

  /** Bytes of messages that were sent and that the flow has not taken yet. */
  get bufferedBytes(): number {
    return this.#outgoing.bufferedBytes;
  }

  /**
   * Resolves to the next message, a text as a string; bytes are *fresh*. `undefined` is the end:
   * the peer has closed, or this side has, and what had arrived before was received. One receive
   * at a time.
   *
   * @throws {WebSocketError} `reset`, `timed-out`, `malformed`, `invalid-payload`, `too-large`;
   *   `closed` once the connection was aborted
   * @throws the signal's reason, when it aborts; nothing is lost
   */
  async receive(signal?: AbortSignal): Promise<Message | undefined> {
    return this.#alone(async () => {
      for (;;) {
        const part = await this.#incoming.next(signal);
        if (part === undefined) return undefined;
        this.#decoding.add(part.bytes);
        if (part.isLast) return this.#decoding.message(part.isText);
      }
    });
  }

  /**
   * Resolves to the next part of a message, of any size, as it arrives: for messages that are too
   * long to be held whole. `undefined` is the end, as with {@link WebSocketConnection.receive},
   * which takes what is left of a message that was begun here.
   *
   * @throws as {@link WebSocketConnection.receive}
   */
  async receiveFragment(signal?: AbortSignal): Promise<Fragment | undefined> {
    return this.#alone(async () => {
      const part = await this.#incoming.next(signal);
      if (part === undefined) return undefined;
      this.#decoding.add(part.bytes);
      return this.#decoding.fragment(part.isText, part.isLast);
    });
  }

  /**
   * Sends a message; bytes are *given*: they must not be changed afterwards, but may be sent on
   * other connections too. Resolves when the flow has room for more, which is not when the peer has
   * it. Messages keep their order; not awaiting one loses nothing, and bounds nothing.
   *
   * @throws {WebSocketError} `closed` after {@link WebSocketConnection.close} or the peer's;
   *   `reset`, `timed-out`, and what the peer did wrong, as {@link WebSocketConnection.receive}
   * @throws {TypeError} between the fragments of another message
   */
  async send(message: Message): Promise<void> {
    if (this.#openFragment !== undefined) {
      throw new TypeError("Cannot send a message: the fragments of another are not all sent");
    }
    await this.#send(message, true, true);
  }

  /**
   * Sends a message piece by piece, for those that are too long to be held whole. All pieces are of
   * one type; a text is cut between characters. Otherwise as {@link WebSocketConnection.send}.
   *
   * @throws {TypeError} if the piece is not of the type of those before it
   */
  async sendFragment(piece: Message, isLast: boolean): Promise<void> {
    const kind = typeof piece === "string" ? "text" : "binary";
    const open = this.#openFragment;
    if (open !== undefined && open !== kind) {
      throw new TypeError(`Cannot send a ${kind} piece: the message is ${open}`);
    }
    this.#openFragment = isLast ? undefined : kind;
    await this.#send(piece, open === undefined, isLast);
  }

  /**
   * Closes the connection when all that was sent has gone, and gives what
   * {@link WebSocketConnection.closed} does. Messages that arrive from now on are dropped, those
   * that had arrived can be received. What is not over after `closeTimeoutMs` is aborted. If it was
   * closed already, this changes nothing.
   *
   * @throws {RangeError} for a code other than 1000–1003, 1007–1014 or 3000–4999, or a reason of
   *   over 123 bytes; it stays open
   * @see RFC 6455, section 7.1.2
   */
  close(code: number = closeCode.normal, reason: string = ""): Promise<CloseReason> {
    const payload = encodeClose(code, reason);
    if (this.#state === "open") {
      this.#state = "closing";
      this.#incoming.end(undefined);
      this.#sendClose(payload);
    }
    return this.closed;
  }

  /** Drops the connection at once, without a Close frame: the peer sees an abort (RST). */
  abort(): void {
    this.#error ??= new WebSocketError("closed", "The WebSocket was aborted");
    this.#finish();
  }

  /** Closes with code 1000, and resolves when that is done. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #alone<Value>(receive: () => Promise<Value>): Promise<Value> {
    if (this.#isReceiving) throw new TypeError("Cannot receive: another receive is waiting");
    this.#isReceiving = true;
    try {
      return await receive();
    } finally {
      this.#isReceiving = false;
    }
  }

  async #send(message: Message, isFirst: boolean, isLast: boolean): Promise<void> {
    if (this.#state !== "open") {
      const why = this.#peerClose === undefined ? "it was closed" : "the peer has closed it";
      throw this.#error ?? new WebSocketError("closed", `Cannot send: ${why}`);
    }
    const isText = typeof message === "string";
    const bytes = isText ? new TextEncoder().encode(message) : message;
    await this.#outgoing.send({ isText, bytes, isFirst, isLast });
  }

  /** Reads frames until the end of the flow. */
  async #run(received: Uint8Array): Promise<void> {
    try {
      let bytes: Uint8Array | undefined = received;
      for (; bytes !== undefined; bytes = await this.#flow.read()) {
        this.#heard(bytes.length);
        // After a Close frame or a violation, what comes is only waited for to end.
        if (this.#peerClose !== undefined || this.#state === "failing") continue;
        this.#parser.push(bytes);
        await this.#takeEvents();
      }
      this.#hasEnded = true;
      this.#lose(new WebSocketError("reset", "The WebSocket ended without a Close frame"));
    } catch (error) {
      this.#lose(errorOfFlow(error));
    }
  }

  async #takeEvents(): Promise<void> {
    for (let event = this.#parser.next(); event !== undefined; event = this.#parser.next()) {
      const taking = this.#take(event);
      if (taking !== undefined) await taking;
      if (this.#state === "failing" || this.#state === "closed") return;
      // Closing frees nobody from reading on: the peer's Close frame comes behind its messages.
      if (!this.#incoming.isFull || this.#state !== "open") continue;
      this.#keepAlive.isPaused = true;
      await this.#incoming.room();
      this.#keepAlive.isPaused = false;
    }
  }

  #take(event: FrameEvent): Promise<void> | undefined {
    switch (event.kind) {
      case "part":
        return this.#takePart(event);
      case "ping":
        this.#totals.pingsIn += 1;
        if (this.#state === "open") this.#outgoing.pong(event.payload);
        return undefined;
      case "pong":
        this.#totals.pongsIn += 1;
        return undefined;
      case "close":
        this.#takeClose(event);
        return undefined;
      case "violation":
        this.#fail(event);
        return undefined;
    }
  }

  #takePart(part: MessagePart): Promise<void> | undefined {
    if (this.#state !== "open") {
      if (part.isLast) this.#totals.messagesDropped += 1;
      return undefined;
    }
    if (part.isCompressed) return this.#inflate(part);
    if (part.isLast) this.#totals.messagesIn += 1;
    this.#incoming.push(part);
    return undefined;
  }

  async #inflate({ bytes, isLast, isText }: MessagePart): Promise<void> {
    this.#inflating.add(bytes);
    if (!isLast) return;
    const { maxMessageBytes } = this.#settings;
    const message = await inflate(this.#inflating.take(), maxMessageBytes);
    if (message === "too-large") {
      this.#fail({
        kind: "violation",
        code: 1009,
        why: `a message has over ${maxMessageBytes} bytes`,
      });
    } else if (message === "malformed" || (isText && !isUtf8(message))) {
      this.#fail({ kind: "violation", code: 1007, why: "a compressed message makes no sense" });
    } else if (this.#state === "open") {
      this.#totals.messagesIn += 1;
      this.#incoming.push({ bytes: message, isLast, isText });
    }
  }

  #takeClose({ code, reason }: ClosePayload): void {
    this.#peerClose = { code, reason };
    this.#incoming.end(undefined);
    if (this.#hasSentClose) this.#bothClosed();
    if (this.#state !== "open") return;
    this.#state = "closing";
    this.#sendClose(encodeCloseAnswer(this.#peerClose));
  }

  /** Fails the connection (RFC 6455, 7.1.7): says why, and listens to nothing more. */
  #fail({ code, why }: Violation): void {
    // It may have ended while a message was inflated.
    if (this.#state === "closed") return;
    const message = `The WebSocket failed: ${why}`;
    this.#error ??= new WebSocketError(errorCodes[code], message);
    const hadSaid = this.#state !== "open";
    this.#state = "failing";
    this.#incoming.end(this.#error);
    this.#outgoing.end(this.#error);
    if (!hadSaid) this.#sendClose(encodeClose(code, why));
    else this.#finish();
  }

  #sendClose(payload: Uint8Array): void {
    this.#keepAlive.stop();
    this.#deadline.set(this.#timers.nowMs() + this.#settings.closeTimeoutMs);
    this.#outgoing.close(payload, () => {
      this.#hasSentClose = true;
      if (this.#state === "failing") void this.#flow.shutdown("write");
      else if (this.#peerClose !== undefined) this.#bothClosed();
    });
  }

  /** The server closes the connection below first (RFC 6455, 7.1.1); the client waits for that. */
  #bothClosed(): void {
    if (this.#side === "server") void this.#flow.shutdown("write");
  }

  #heard(byteCount: number): void {
    this.#totals.bytesIn += byteCount;
    if (this.#state === "open") this.#keepAlive.heard();
  }

  #tooLate(): void {
    this.#lose(new WebSocketError("timed-out", "The WebSocket is lost: no answer in time"));
  }

  /** There is no connection any more, or none that is of use. */
  #lose(error: WebSocketError): void {
    if (!this.#isOver()) this.#error ??= error;
    this.#finish();
  }

  /** Whether both Close frames went, so that only the flow is to be let go of. */
  #isOver(): boolean {
    return this.#hasSentClose && this.#peerClose !== undefined;
  }

  #finish(): void {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#keepAlive.stop();
    this.#deadline.clear();
    const error = this.#error;
    this.#incoming.end(error);
    this.#outgoing.end(error ?? new WebSocketError("closed", "Cannot send: it was closed"));
    const wasClean = this.#isOver();
    const { code, reason } = this.#peerClose ?? { code: closeCode.abnormal, reason: "" };
    if (wasClean || this.#hasEnded) void this.#flow[Symbol.asyncDispose]();
    else this.#flow.abort();
    this.#resolveClosed({ code, reason, wasClean, error });
  }
}
