/**
 * What the page and the unikernel's worker say to each other. Control goes over comlink, as calls
 * of these two interfaces; each stream of data has a MessagePort of its own, opened by the worker.
 */

import type { Misuse } from "../config/arguments.ts";
import type { Description } from "../config/graph.ts";
import type { EncodedError } from "./errors.ts";

/** What the worker offers the page. It runs the unikernel at once, without being asked to. */
export interface WorkerSide {
  /** Aborts the unikernel's signal. The unikernel has a moment to end by itself. */
  halt(): void;
  /** The devices' counters now, by device. */
  counters(): CounterTable;
}

/**
 * What the page offers the worker. Its calls and the worker's answers take different ports, and may
 * overtake one another: each resolves when the page has taken it.
 */
export interface PageSide {
  /** Gives the page the other end of a port to one of its services. */
  openPort(service: string, options: Readonly<Record<string, string>>, port: MessagePort): void;
  /** Says what the unikernel is, before anything can go wrong in it. */
  describe(description: Description): Promise<void>;
  /** Says that the devices are connected and `start` is being called. */
  started(): Promise<void>;
  /** Says that the unikernel has ended and its output has been taken. */
  ended(report: RunReport): Promise<void>;
}

/**
 * The worker's name is its command line, as JSON: the unikernel's name and its arguments. It is
 * there when the worker's script begins, whereas a message waits for the page's thread, which is
 * busy then.
 */
export type WorkerName = readonly [unikernel: string, ...argv: string[]];

/** What came of a run. */
export interface RunReport {
  readonly code: number;
  readonly error?: EncodedError | undefined;
  /** What is wrong with the arguments, if something is. */
  readonly misuse?: Misuse | undefined;
  /** The devices' counters at the end. */
  readonly counters?: CounterTable;
}

/** Counters by name, for each device by name. */
export type CounterTable = Readonly<Record<string, Readonly<Record<string, number>>>>;
