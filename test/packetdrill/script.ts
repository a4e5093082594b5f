/** What a script says, line by line: what the parser makes and everything else reads. */

/** When an event happens, in milliseconds; `relative` counts from the event before. */
export type EventTime =
  | { readonly kind: "absolute" | "relative"; readonly startMs: number; readonly endMs?: number }
  /** `*`: whenever it comes. */
  | { readonly kind: "any" };

/** An argument or result of a call. */
export type Expression =
  | { readonly kind: "integer"; readonly value: number }
  | { readonly kind: "word"; readonly text: string }
  | { readonly kind: "string"; readonly text: string }
  | { readonly kind: "ellipsis" }
  | { readonly kind: "list"; readonly items: readonly Expression[] }
  /** `{name=value, …}` and `name(arguments)`. */
  | { readonly kind: "struct"; readonly name: string; readonly items: readonly Expression[] }
  | { readonly kind: "field"; readonly name: string; readonly value: Expression }
  | { readonly kind: "or"; readonly items: readonly Expression[] };

/** A TCP option; padding is left out, since options compare as a set. */
export type OptionSpec =
  | { readonly kind: "mss" | "wscale"; readonly value: number }
  | { readonly kind: "sackOK" }
  | { readonly kind: "TS"; readonly value: number; readonly echo: number }
  | { readonly kind: "sack"; readonly blocks: readonly (readonly [number, number])[] }
  /** One that the stack does not have, such as Fast Open. */
  | { readonly kind: "other"; readonly name: string };

/** A TCP segment in the script's own numbers. */
export interface SegmentSpec {
  /** Letters of the script, sorted: `.` is ACK, `E` ECE, `W` CWR. */
  readonly flags: string;
  /** `undefined` matches any. */
  readonly sequence: number | undefined;
  /** Written with `!`: the number is the real one. */
  readonly isAbsolute: boolean;
  readonly payloadBytes: number;
  readonly acknowledgment: number | undefined;
  /** The field as it is on the wire; `undefined` matches any. */
  readonly windowField: number | undefined;
  readonly urgentPointer: number;
  /** `undefined` (`<...>`) matches any. */
  readonly options: readonly OptionSpec[] | undefined;
  readonly sourcePort: number | undefined;
  readonly destinationPort: number | undefined;
  /** What the IP header must say, as far as it is given. */
  readonly timeToLive: number | undefined;
  readonly trafficClass: number | undefined;
  readonly ecn: number | undefined;
}

/** An ICMP message about a segment of ours. */
export interface IcmpSpec {
  readonly type: string;
  readonly code: string | undefined;
  readonly mtuBytes: number | undefined;
  /** The sequence number and payload of the segment that it quotes. */
  readonly quoted: { readonly sequence: number; readonly payloadBytes: number };
}

export type Action =
  | { readonly kind: "segment"; readonly isInbound: boolean; readonly segment: SegmentSpec }
  | { readonly kind: "icmp"; readonly isInbound: boolean; readonly icmp: IcmpSpec }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly args: readonly Expression[];
      readonly result: Expression;
      readonly errorName: string | undefined;
      /** When a call that blocks must return; counted as the event's own time is. */
      readonly endMs: number | undefined;
    }
  | { readonly kind: "command"; readonly text: string }
  | { readonly kind: "code"; readonly text: string }
  /** Something the language has and this interpreter does not. */
  | { readonly kind: "unsupported"; readonly reason: string };

export interface ScriptEvent {
  readonly line: number;
  readonly time: EventTime;
  readonly action: Action;
}

export interface Script {
  /** Of the lines that begin with `--`. */
  readonly options: ReadonlyMap<string, string>;
  readonly events: readonly ScriptEvent[];
}
