/** What a segment should have been, and what it was. */

import type { OptionSpec, SegmentSpec } from "./script.ts";
import { Mismatch } from "./verdict.ts";
import type { Segment } from "./wire.ts";

/** How strictly segments are compared. */
export interface Strictness {
  /**
   * `exact`: the field must be as written. `loose`: only whether it is zero; for scripts whose
   * windows are those of another stack's buffers.
   */
  readonly windows: "exact" | "loose";
  /**
   * `loose`: PSH counts only on the last byte that was written, where it must be (RFC 9293,
   * 3.9.1, MUST-61); before that, stacks push as they think fit.
   */
  readonly pushes: "exact" | "loose";
  /** The most that a timestamp may be off in its ticks; `undefined` leaves them unchecked. */
  readonly timestampTicks: number | undefined;
}

/**
 * Lists the fields in which a segment, in the script's numbers, is not as expected.
 * `isLast` tells that nothing was written behind it.
 */
export function differences(
  expected: SegmentSpec,
  got: Segment,
  strictness: Strictness,
  isLast: boolean,
): readonly string[] {
  const different: string[] = [];
  const check = (field: string, isSame: boolean): void => void (isSame || different.push(field));
  const isPushLoose = strictness.pushes === "loose" && !isLast && got.payload.length > 0;
  const flagsOf = (flags: string): string => (isPushLoose ? flags.replace("P", "") : flags);
  check("flags", flagsOf(expected.flags) === flagsOf(got.flags));
  check("sequence", expected.sequence === undefined || expected.sequence >>> 0 === got.sequence);
  check("length", expected.payloadBytes === got.payload.length);
  check("ack", (expected.acknowledgment ?? 0) === got.acknowledgment);
  check("win", isSameWindow(expected.windowField, got.windowField, strictness));
  check("urg", expected.urgentPointer === got.urgentPointer);
  check("options", areSameOptions(expected.options, got.options, strictness));
  return different;
}

function isSameWindow(expected: number | undefined, got: number, { windows }: Strictness): boolean {
  if (expected === undefined) return true;
  return windows === "exact" ? expected === got : (expected === 0) === (got === 0);
}

function areSameOptions(
  expected: readonly OptionSpec[] | undefined,
  got: readonly OptionSpec[],
  strictness: Strictness,
): boolean {
  if (expected === undefined) return true;
  if (expected.length !== got.length) return false;
  return expected.every((option) => got.some((each) => isSameOption(option, each, strictness)));
}

function isSameOption(expected: OptionSpec, got: OptionSpec, strictness: Strictness): boolean {
  if (expected.kind === "wscale" && strictness.windows === "loose") return got.kind === "wscale";
  if (expected.kind !== "TS" || got.kind !== "TS") {
    return formatOption(expected) === formatOption(got);
  }
  const { timestampTicks = Number.POSITIVE_INFINITY } = strictness;
  const ticks = Math.abs((expected.value - got.value) | 0);
  return expected.echo === got.echo && ticks <= timestampTicks;
}

/**
 * Two segments that follow each other as one.
 *
 * @throws {Mismatch} if they do not
 */
export function joined(first: Segment, second: Segment): Segment {
  const end = (first.sequence + first.payload.length) >>> 0;
  if (second.sequence !== end) throw new Mismatch(`data from ${end} on`, format(second));
  const payload = new Uint8Array(first.payload.length + second.payload.length);
  payload.set(first.payload);
  payload.set(second.payload, first.payload.length);
  const flags = [...new Set(first.flags + second.flags)].sort().join("");
  return { ...second, sequence: first.sequence, flags, payload };
}

/** A segment in the script's language. */
export function format(segment: SegmentSpec | Segment): string {
  const { flags, sequence, options } = segment;
  const length = "payload" in segment ? segment.payload.length : segment.payloadBytes;
  const parts = [
    flags.replace(/^(\.?)(.*)$/, "$2$1") || "-",
    sequence === undefined
      ? `...(${length})`
      : `${sequence}:${(sequence + length) >>> 0}(${length})`,
  ];
  if (flags.includes(".")) parts.push(`ack ${segment.acknowledgment}`);
  if (segment.windowField !== undefined) parts.push(`win ${segment.windowField}`);
  if (segment.urgentPointer > 0) parts.push(`urg ${segment.urgentPointer}`);
  if (options === undefined) parts.push("<...>");
  else if (options.length > 0) parts.push(`<${options.map(formatOption).join(",")}>`);
  return parts.join(" ");
}

function formatOption(option: OptionSpec): string {
  switch (option.kind) {
    case "mss":
    case "wscale":
      return `${option.kind} ${option.value}`;
    case "sackOK":
      return "sackOK";
    case "TS":
      return `TS val ${option.value} ecr ${option.echo}`;
    case "sack":
      return `sack ${option.blocks.map(([left, right]) => `${left}:${right}`).join(" ")}`;
    case "other":
      return `option ${option.name}`;
  }
}
