/**
 * How far a connection of TCP has come, as one who only sees its segments pass can tell (RFC 5382,
 * 5; RFC 7857, 2). A connection counts as established when both SYNs have been seen, and an
 * acknowledgment of the one by who sent the other: so that nobody can make one with a forged source.
 */

import { flag } from "../tcp/packet.ts";

/** What was seen of a connection. */
export interface TcpTrack {
  /** The sequence number of each side's SYN; `undefined` until it is seen. */
  readonly syn: [number | undefined, number | undefined];
  readonly hasFin: [boolean, boolean];
  isEstablished: boolean;
  hasReset: boolean;
}

/** The two sides: who opened the connection, as far as is known, is 0. */
export type Side = 0 | 1;

/** What a segment says. */
export interface PassingSegment {
  readonly flags: number;
  readonly sequenceNumber: number;
  readonly acknowledgmentNumber: number;
}

/** A connection of which nothing was seen. */
export function newTrack(): TcpTrack {
  return {
    syn: [undefined, undefined],
    hasFin: [false, false],
    isEstablished: false,
    hasReset: false,
  };
}

/** How far an acknowledgment may be past a SYN when a connection is established. */
const maxAheadBytes = 65_536;

/** Sees a segment of one side pass. */
export function pass(track: TcpTrack, side: Side, segment: PassingSegment): void {
  const { flags, sequenceNumber, acknowledgmentNumber } = segment;
  const other = side === 0 ? 1 : 0;
  if ((flags & flag.rst) !== 0) {
    track.hasReset = true;
    return;
  }
  if ((flags & flag.syn) !== 0) {
    // The ports are used again.
    if (isOver(track) && (flags & flag.ack) === 0) Object.assign(track, newTrack());
    track.syn[side] = sequenceNumber;
  } else if (track.syn[side] === undefined) {
    // It was under way before we were.
    track.syn[side] = (sequenceNumber - 1) >>> 0;
  }
  // A reset that the other side did not believe (RFC 7857, 2.2).
  track.hasReset = false;
  const acked = track.syn[other];
  if (!track.isEstablished && (flags & flag.syn) === 0 && (flags & flag.ack) !== 0) {
    const ahead = acked === undefined ? Infinity : (acknowledgmentNumber - acked - 1) >>> 0;
    if (ahead < maxAheadBytes) track.isEstablished = true;
  }
  if ((flags & flag.fin) !== 0) track.hasFin[side] = true;
}

/** Whether it has ended, or is about to. */
export function isOver({ hasFin, hasReset }: TcpTrack): boolean {
  return hasReset || (hasFin[0] && hasFin[1]);
}

/** Where in a connection's life it is, for how long it is remembered. */
export function stageOf(track: TcpTrack): "opening" | "established" | "closing" {
  if (isOver(track)) return "closing";
  return track.isEstablished ? "established" : "opening";
}
