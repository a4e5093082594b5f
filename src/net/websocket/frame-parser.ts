/**
 * From the bytes of a peer to what its frames say, however the bytes are split, and with all that
 * RFC 6455 forbids refused at the first byte that shows it.
 */

import { closeCode, decodeClose } from "./close-frame.ts";
import {
  decode,
  headerBytes,
  isControl,
  maxControlBytes,
  maxHeaderBytes,
  opcode,
  reservedBit,
  type FrameHeader,
} from "./frame.ts";
import { applyMask } from "./mask.ts";
import { Utf8Checker } from "./utf8.ts";

/** A part of a message: a frame may come in several, also in none but the last of its message. */
export interface MessagePart {
  readonly kind: "part";
  readonly isText: boolean;
  /** Whether the message has to be inflated (RFC 7692), before it is known to be UTF-8. */
  readonly isCompressed: boolean;
  /** A view of the bytes that were pushed, unmasked. */
  readonly bytes: Uint8Array;
  readonly isLast: boolean;
}

/** What a peer's bytes turn out to be. */
export type FrameEvent =
  | MessagePart
  | { readonly kind: "ping" | "pong"; readonly payload: Uint8Array }
  /** The last there is: what follows is not looked at. */
  | { readonly kind: "close"; readonly code: number; readonly reason: string }
  | Violation;

/** The peer did what it must not. Nothing comes after it. */
export interface Violation {
  readonly kind: "violation";
  /** What to close with. */
  readonly code: 1002 | 1007 | 1009;
  /** What the peer did, in words that end a sentence. */
  readonly why: string;
}

/** What is taken of a peer. */
export interface FrameLimits {
  /** Of one frame's payload, in bytes. */
  readonly maxFrameBytes: number;
  /** Of one message, in bytes, as it arrives: a compressed one may be longer once inflated. */
  readonly maxMessageBytes: number;
  /** Frames of one message. */
  readonly maxFragmentCount: number;
}

/** How a parser is set up. */
export interface FrameParserOptions extends FrameLimits {
  /** Whether the peer has to mask: the clients of a server do, servers must not (section 5.1). */
  readonly isPeerMasking: boolean;
  /** Whether messages may be compressed, as permessage-deflate says. */
  readonly isCompressible: boolean;
}

const nothing = new Uint8Array(0);

/** Reads the frames of one peer. Push bytes, then ask for what is {@link FrameParser.next}. */
export class FrameParser {
  readonly #options: FrameParserOptions;
  readonly #utf8 = new Utf8Checker();
  readonly #head = new Uint8Array(maxHeaderBytes);
  #headCount = 0;
  #chunk: Uint8Array = nothing;
  #at = 0;
  /** The frame whose payload is being read, and how much of that is there. */
  #frame: FrameHeader | undefined;
  #readBytes = 0;
  #control = nothing;
  /** The message that is being read: its opcode, and 0 between messages. */
  #messageOpcode = 0;
  #isCompressed = false;
  #messageBytes = 0;
  #fragmentCount = 0;
  #hasEnded = false;

  constructor(options: FrameParserOptions) {
    this.#options = options;
  }

  /**
   * Takes the next bytes, once {@link FrameParser.next} gave `undefined`. They are *given*: they
   * are unmasked in place, and parts are views of them.
   */
  push(bytes: Uint8Array): void {
    this.#chunk = bytes;
    this.#at = 0;
  }

  /** What the bytes so far say next, or `undefined` if they say no more. */
  next(): FrameEvent | undefined {
    while (!this.#hasEnded) {
      const event = this.#frame === undefined ? this.#begin() : this.#continue(this.#frame);
      if (event === "more") return undefined;
      if (event === "again") continue;
      if (event.kind === "violation" || event.kind === "close") this.#hasEnded = true;
      return event;
    }
    return undefined;
  }

  /** Reads a header. */
  #begin(): FrameEvent | "more" | "again" {
    const head = this.#head;
    while (this.#headCount < 2 || this.#headCount < headerBytes(head)) {
      if (this.#at === this.#chunk.length) return "more";
      head[this.#headCount] = this.#chunk[this.#at] ?? 0;
      this.#headCount += 1;
      this.#at += 1;
    }
    const frame = decode(head.subarray(0, this.#headCount));
    if (frame === undefined) return "more";
    this.#headCount = 0;
    const why = this.#wrongWith(frame);
    if (why !== undefined) return { kind: "violation", code: 1002, why };
    const excess = this.#excessOf(frame);
    if (excess !== undefined) return { kind: "violation", code: 1009, why: excess };
    this.#frame = frame;
    this.#readBytes = 0;
    if (isControl(frame.opcode)) this.#control = new Uint8Array(frame.payloadBytes);
    else this.#beginData(frame);
    return "again";
  }

  /** What RFC 6455 forbids about a header, here and now. */
  #wrongWith(frame: FrameHeader): string | undefined {
    const { isPeerMasking, isCompressible } = this.#options;
    const isData = frame.opcode === opcode.text || frame.opcode === opcode.binary;
    const allowed = isCompressible && isData ? reservedBit.rsv1 : 0;
    if ((frame.reserved & ~allowed) !== 0) return "a reserved bit is set";
    if ((frame.maskingKey !== undefined) !== isPeerMasking) {
      return isPeerMasking ? "a frame is not masked" : "a frame is masked";
    }
    if (!frame.isMinimal) return "a length is longer than it need be";
    if (frame.payloadBytes >= 2 ** 63) return "a length has its highest bit set";
    if (isControl(frame.opcode)) {
      if (frame.opcode > opcode.pong) return `opcode ${frame.opcode} is reserved`;
      if (!frame.isFinal) return "a control frame is fragmented";
      if (frame.payloadBytes > maxControlBytes) return "a control frame is too long";
    } else if (frame.opcode === opcode.continuation) {
      if (this.#messageOpcode === 0) return "there is no message to continue";
    } else if (!isData) {
      return `opcode ${frame.opcode} is reserved`;
    } else if (this.#messageOpcode !== 0) {
      return "a message begins inside another";
    }
    return undefined;
  }

  /** What is more than we take. */
  #excessOf({ opcode: code, payloadBytes }: FrameHeader): string | undefined {
    if (isControl(code)) return undefined;
    const { maxFrameBytes, maxMessageBytes, maxFragmentCount } = this.#options;
    if (payloadBytes > maxFrameBytes) return `a frame has over ${maxFrameBytes} bytes`;
    if (this.#messageBytes + payloadBytes > maxMessageBytes) {
      return `a message has over ${maxMessageBytes} bytes`;
    }
    if (this.#fragmentCount >= maxFragmentCount) {
      return `a message has over ${maxFragmentCount} fragments`;
    }
    return undefined;
  }

  #beginData(frame: FrameHeader): void {
    if (frame.opcode !== opcode.continuation) {
      this.#messageOpcode = frame.opcode;
      this.#isCompressed = frame.reserved !== 0;
      this.#utf8.reset();
    }
    this.#messageBytes += frame.payloadBytes;
    this.#fragmentCount += 1;
  }

  /** Reads payload. */
  #continue(frame: FrameHeader): FrameEvent | "more" | "again" {
    const missing = frame.payloadBytes - this.#readBytes;
    const bytes = this.#chunk.subarray(this.#at, this.#at + missing);
    if (bytes.length === 0 && missing > 0) return "more";
    this.#at += bytes.length;
    if (frame.maskingKey !== undefined) applyMask(bytes, frame.maskingKey, this.#readBytes & 3);
    const start = this.#readBytes;
    this.#readBytes += bytes.length;
    const isWhole = bytes.length === missing;
    if (isWhole) this.#frame = undefined;
    if (!isControl(frame.opcode)) return this.#part(bytes, isWhole && frame.isFinal);
    this.#control.set(bytes, start);
    return isWhole ? controlEvent(frame.opcode, this.#control) : "more";
  }

  #part(bytes: Uint8Array, isLast: boolean): FrameEvent | "again" {
    const isText = this.#messageOpcode === opcode.text;
    const isCompressed = this.#isCompressed;
    if (isText && !isCompressed) {
      const isValid = this.#utf8.push(bytes) && (!isLast || this.#utf8.isComplete);
      if (!isValid) return { kind: "violation", code: 1007, why: "a text is no UTF-8" };
    }
    if (isLast) {
      this.#messageOpcode = 0;
      this.#messageBytes = 0;
      this.#fragmentCount = 0;
    } else if (bytes.length === 0) {
      return "again";
    }
    return { kind: "part", isText, isCompressed, bytes, isLast };
  }
}

function controlEvent(code: number, payload: Uint8Array): FrameEvent {
  if (code !== opcode.close) return { kind: code === opcode.ping ? "ping" : "pong", payload };
  const close = decodeClose(payload);
  if (close === "malformed") {
    return { kind: "violation", code: 1002, why: "a Close frame has no code that may be sent" };
  }
  if (close === "invalid-text") {
    const code = closeCode.invalidPayload;
    return { kind: "violation", code, why: "the reason of a Close frame is no UTF-8" };
  }
  return { kind: "close", code: close.code, reason: close.reason };
}
