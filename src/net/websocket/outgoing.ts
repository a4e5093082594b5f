/** From messages to frames of one flow, in order, and with control frames between fragments. */

import type { Flow, Random } from "../../devices/index.ts";
import { deflate } from "./deflate.ts";
import { errorOfFlow, type WebSocketError } from "./errors.ts";
import { encode, maxHeaderBytes, opcode, reservedBit } from "./frame.ts";
import { applyMask } from "./mask.ts";

/** How frames are made. */
export interface OutgoingOptions {
  readonly flow: Flow;
  /** Makes masking keys: a client must mask, a server must not (RFC 6455, 5.1). */
  readonly random: Random | undefined;
  /** The longest payload of a frame. */
  readonly fragmentBytes: number;
  /** Messages of at least so many bytes are compressed; `Infinity` for none. */
  readonly deflateFromBytes: number;
  /** Called once, when the flow takes nothing more. */
  failed(error: WebSocketError): void;
  /** Where what goes out is counted. */
  readonly counters: {
    messagesOut: number;
    bytesOut: number;
    pongsOut: number;
    pongsDropped: number;
  };
}

/** A message, or a part of one, that is to be sent. */
export interface Sending {
  readonly isText: boolean;
  readonly bytes: Uint8Array;
  readonly isFirst: boolean;
  readonly isLast: boolean;
}

interface Job extends Sending {
  isCompressed: boolean;
  /** What is to be sent still, and whether its first frame went. */
  rest: Uint8Array;
  hasBegun: boolean;
  readonly resolve: () => void;
  readonly reject: (reason: unknown) => void;
}

interface ControlFrame {
  readonly opcode: number;
  readonly payload: Uint8Array;
  /** Called when the flow has taken it. */
  readonly sent?: () => void;
}

/** What fits a frame of its own together with the header is copied: one write is less than two. */
const copiedBytes = 4096;

/** Pongs that may wait; of more Pings, the latest are answered (RFC 6455, 5.5.3). */
const maxPongCount = 16;

/** Sends frames, one at a time. */
export class Outgoing {
  readonly #options: OutgoingOptions;
  #jobs: Job[] = [];
  readonly #control: ControlFrame[] = [];
  #pongs: ControlFrame[] = [];
  #close: { readonly payload: Uint8Array; readonly sent: () => void } | undefined;
  #bufferedBytes = 0;
  #isPumping = false;
  #error: WebSocketError | undefined;

  constructor(options: OutgoingOptions) {
    this.#options = options;
  }

  /** Bytes of messages that the flow has not taken yet. */
  get bufferedBytes(): number {
    return this.#bufferedBytes;
  }

  /** Sends bytes, which are *given*. Resolves when the flow has room for more. */
  send(sending: Sending): Promise<void> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    this.#bufferedBytes += sending.bytes.length;
    const isCompressed =
      sending.isFirst && sending.isLast && sending.bytes.length >= this.#options.deflateFromBytes;
    return new Promise((resolve, reject) => {
      const { bytes: rest } = sending;
      this.#jobs.push({ ...sending, isCompressed, rest, hasBegun: false, resolve, reject });
      void this.#pump();
    });
  }

  /** Sends a Ping, and calls `sent` when the flow has taken it. */
  ping(payload: Uint8Array, sent: () => void): void {
    this.#control.push({ opcode: opcode.ping, payload, sent });
    void this.#pump();
  }

  pong(payload: Uint8Array): void {
    if (this.#pongs.length === maxPongCount) {
      this.#pongs.shift();
      this.#options.counters.pongsDropped += 1;
    }
    this.#pongs.push({ opcode: opcode.pong, payload });
    void this.#pump();
  }

  /** Sends a Close frame behind all messages, and calls `sent` when it went. */
  close(payload: Uint8Array, sent: () => void): void {
    this.#close = { payload, sent };
    void this.#pump();
  }

  /** Sends nothing more, but the Close frame that is asked for next; all others reject. */
  end(error: WebSocketError): void {
    this.#error ??= error;
    const jobs = this.#jobs;
    this.#jobs = [];
    this.#pongs = [];
    this.#control.length = 0;
    this.#bufferedBytes = 0;
    for (const job of jobs) job.reject(error);
  }

  async #pump(): Promise<void> {
    if (this.#isPumping) return;
    this.#isPumping = true;
    try {
      // Whether there is more is known at once: what is sent meanwhile must not be missed.
      for (let sent = this.#sendNext(); sent !== undefined; sent = this.#sendNext()) await sent;
    } catch (error) {
      this.#close = undefined;
      this.end(errorOfFlow(error));
      this.#options.failed(errorOfFlow(error));
    }
    this.#isPumping = false;
  }

  /** Sends one frame, if there is one to send. */
  #sendNext(): Promise<void> | undefined {
    const control = this.#control.shift() ?? this.#pongs.shift();
    if (control !== undefined) {
      if (control.opcode === opcode.pong) this.#options.counters.pongsOut += 1;
      return this.#write(control.opcode, control.payload, true, 0).then(control.sent);
    }
    const job = this.#jobs[0];
    if (job !== undefined) return this.#sendFrameOf(job);
    const close = this.#close;
    this.#close = undefined;
    return close && this.#write(opcode.close, close.payload, true, 0).then(close.sent);
  }

  async #sendFrameOf(job: Job): Promise<void> {
    if (job.isCompressed && !job.hasBegun) job.rest = await deflate(job.bytes);
    // Compressing takes time, in which everything may have ended.
    if (this.#jobs[0] !== job) return;
    const payload = job.rest.subarray(0, this.#options.fragmentBytes);
    job.rest = job.rest.subarray(payload.length);
    const isDone = job.rest.length === 0;
    const isFirst = job.isFirst && !job.hasBegun;
    const code = !isFirst ? opcode.continuation : job.isText ? opcode.text : opcode.binary;
    const reserved = isFirst && job.isCompressed ? reservedBit.rsv1 : 0;
    job.hasBegun = true;
    await this.#write(code, payload, isDone && job.isLast, reserved);
    if (!isDone || this.#jobs[0] !== job) return;
    this.#jobs.shift();
    this.#bufferedBytes -= job.bytes.length;
    if (job.isLast) this.#options.counters.messagesOut += 1;
    job.resolve();
  }

  #write(code: number, payload: Uint8Array, isFinal: boolean, reserved: number): Promise<void> {
    const { counters, flow, random } = this.#options;
    const maskingKey = random?.uint32();
    const isCopied = maskingKey !== undefined || payload.length <= copiedBytes;
    const frame = new Uint8Array(maxHeaderBytes + (isCopied ? payload.length : 0));
    const payloadBytes = payload.length;
    const head = encode({ isFinal, reserved, opcode: code, maskingKey, payloadBytes }, frame);
    if (!isCopied) {
      // A flow keeps the order of its writes, and only the last has to be waited for.
      flow.write(frame.subarray(0, head)).catch(() => {});
      counters.bytesOut += head + payload.length;
      return flow.write(payload);
    }
    frame.set(payload, head);
    const whole = frame.subarray(0, head + payload.length);
    if (maskingKey !== undefined) applyMask(whole.subarray(head), maskingKey);
    counters.bytesOut += whole.length;
    return flow.write(whole);
  }
}
