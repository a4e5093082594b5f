/** One connection as the script numbers it and as it really is. */

import type { OptionSpec, SegmentSpec } from "./script.ts";
import type { Segment } from "./wire.ts";

/** The byte that every stream carries at a sequence number of the script. */
export function patternAt(sequence: number): number {
  return Math.imul(sequence ^ (sequence >>> 15), 0x9e3779b1) >>> 24;
}

/** `length` bytes of the stream from `sequence` on. */
export function pattern(sequence: number, length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => patternAt(sequence + index));
}

/**
 * Maps between the two. Scripts number both streams from the initial sequence numbers that they
 * write, mostly 0, and our timestamps from the first that they write.
 */
export class Conversation {
  readonly localPort: number;
  readonly remotePort: number;
  /** What to add to the script's numbers to get the real ones. */
  readonly #remoteOffset: number;
  #localOffset = 0;
  /** The local initial sequence number in the script, once a SYN has shown it. */
  #localIsn: number | undefined;
  /** A SYN of the peer since then: our next may begin another connection. */
  #mayRestart = true;
  #acknowledged = 0;
  /** Our timestamps: by the script's value, the real one; and the first pair. */
  readonly #timestamps = new Map<number, number>();
  #firstTimestamp: { readonly script: number; readonly live: number } | undefined;

  constructor(localPort: number, remotePort: number, remoteOffset: number) {
    this.localPort = localPort;
    this.remotePort = remotePort;
    this.#remoteOffset = remoteOffset;
  }

  /** A segment that the script injects, with real numbers. */
  toLive(spec: SegmentSpec): Segment {
    const { sequence = 0, payloadBytes, acknowledgment = 0, flags } = spec;
    const hasAck = flags.includes(".");
    if (flags.includes("S")) this.#mayRestart = true;
    if (hasAck) this.#acknowledged = acknowledgment;
    return {
      sourcePort: this.remotePort,
      destinationPort: this.localPort,
      sequence: (sequence + this.#remoteOffset) >>> 0,
      acknowledgment: hasAck ? (acknowledgment + this.#localOffset) >>> 0 : 0,
      flags,
      windowField: spec.windowField ?? 0xffff,
      urgentPointer: spec.urgentPointer,
      options: (spec.options ?? []).map((option) => this.#optionToLive(option)),
      payload: pattern(sequence + (flags.includes("S") ? 1 : 0), payloadBytes),
    };
  }

  /** The real number of a byte of ours, for what an ICMP message quotes. */
  localToLive(sequence: number): number {
    return (sequence + this.#localOffset) >>> 0;
  }

  /** A segment that the stack sent, in the script's numbers; `expected` is what they follow from. */
  toScript(live: Segment, expected: SegmentSpec): Segment {
    if (live.flags.includes("S") && expected.sequence !== undefined) {
      this.#learn(live.sequence, expected.sequence);
    }
    const hasAck = live.flags.includes(".");
    return {
      ...live,
      sequence: expected.isAbsolute ? live.sequence : (live.sequence - this.#localOffset) >>> 0,
      acknowledgment: hasAck ? (live.acknowledgment - this.#remoteOffset) >>> 0 : 0,
      options: live.options.map((option) => this.#optionToScript(option, expected)),
    };
  }

  /** Whether a segment in the script's numbers carries what was written there. */
  hasRightPayload({ sequence, payload }: Segment): boolean {
    // What was acknowledged may come again as a keep-alive's byte of garbage (RFC 9293, 3.8.4).
    if (this.#localIsn !== 0 || sequence < this.#acknowledged) return true;
    return payload.every((byte, index) => byte === patternAt(sequence + index));
  }

  /** How far our clock is from the script's, in its ticks; 0 before the first timestamp. */
  timestampError(script: number, expected: number): number {
    return this.#firstTimestamp === undefined ? 0 : (script - expected) | 0;
  }

  #learn(live: number, script: number): void {
    if (!this.#mayRestart) return;
    this.#localOffset = (live - script) >>> 0;
    this.#localIsn = script;
    this.#mayRestart = false;
  }

  #optionToLive(option: OptionSpec): OptionSpec {
    if (option.kind === "TS") {
      const first = this.#firstTimestamp;
      const echo =
        this.#timestamps.get(option.echo) ??
        (first && option.echo !== 0
          ? (option.echo - first.script + first.live) >>> 0
          : option.echo);
      return { ...option, echo };
    }
    return option.kind === "sack" ? shifted(option.blocks, this.#localOffset) : option;
  }

  #optionToScript(option: OptionSpec, expected: SegmentSpec): OptionSpec {
    if (option.kind === "sack") return shifted(option.blocks, -this.#remoteOffset);
    const spec = expected.options?.find(({ kind }) => kind === "TS");
    if (option.kind !== "TS" || spec?.kind !== "TS") return option;
    this.#timestamps.set(spec.value, option.value);
    this.#firstTimestamp ??= { script: spec.value, live: option.value };
    const { script, live } = this.#firstTimestamp;
    return { ...option, value: (option.value - live + script) >>> 0 };
  }
}

function shifted(blocks: readonly (readonly [number, number])[], offset: number): OptionSpec {
  const move = (edge: number): number => (edge + offset) >>> 0;
  return { kind: "sack", blocks: blocks.map(([left, right]) => [move(left), move(right)]) };
}
