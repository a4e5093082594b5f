import type { BodyLimits } from "./body.ts";
import type { HeadLimits } from "./head.ts";

/** What a server takes of its clients, and how long it waits for them. */
export interface ServerLimits extends HeadLimits, BodyLimits {
  /** Connections at a time; more are answered 503. Those that were upgraded do not count. */
  readonly connectionCount: number;
  /** The longest time from the first byte of a head to its last, in milliseconds. */
  readonly headTimeoutMs: number;
  /** The longest time that a connection is kept without a request, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** The longest time without room for what is written, in milliseconds. */
  readonly writeTimeoutMs: number;
  /** The longest time that requests under way may take when it shuts down, in milliseconds. */
  readonly shutdownTimeoutMs: number;
}

/** The limits of a server that is told nothing else. */
export const defaultLimits: ServerLimits = {
  lineBytes: 8192,
  fieldBytes: 32_768,
  fieldCount: 100,
  bodyBytes: 16 * 1024 * 1024,
  connectionCount: 1024,
  headTimeoutMs: 10_000,
  bodyTimeoutMs: 20_000,
  bodyBytesPerSecond: 500,
  idleTimeoutMs: 15_000,
  writeTimeoutMs: 30_000,
  shutdownTimeoutMs: 3_500,
};

/** Bytes of a body that nobody wanted which are read, so that the connection can be kept. */
export const drainBytes: number = 65_536;

/** Bytes that are read from a client that was sent its last answer, so that it gets that. */
export const lingerBytes: number = 1024 * 1024;

/** For so long. */
export const lingerMs: number = 1000;

/** Answers to pipelined requests are gathered up to so many bytes. */
export const gatherBytes: number = 16_384;
