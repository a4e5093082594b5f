/**
 * What a law is, and the few assertions that laws are written with. Nothing here depends on a test
 * runner, so that a law runs under vitest, under `node:test`, or in a page.
 */

import type { Device } from "../devices/index.ts";

/** One promise of a signature, checked against one driver. */
export interface Law {
  /** The promise in a few words, as a test's name: `readLine() waits for the Enter`. */
  readonly name: string;

  /**
   * Connects a fresh device, checks the promise, disposes the device.
   *
   * @throws {LawError} if the driver does not keep the promise, or whatever the driver threw
   */
  run(): Promise<void>;
}

/** A promise in a few words, and what checks it; the suite connects and disposes the `Subject`. */
export type Check<Subject> = readonly [promise: string, check: (subject: Subject) => Promise<void>];

/** A driver broke a law. Test runners show `expected` beside `actual`. */
export class LawError extends Error {
  override readonly name = "LawError";
  readonly expected: unknown;
  readonly actual: unknown;

  constructor(what: string, expected: unknown, actual: unknown) {
    super(`${what}: expected ${show(expected)}, got ${show(actual)}`);
    this.expected = expected;
    this.actual = actual;
  }
}

/** A constructor of errors: `BlockError`, `RangeError` … */
export type ErrorClass = abstract new (...args: never[]) => Error;

/** Runs `body` with a freshly connected device, and disposes it whether or not `body` fails. */
export async function withDevice<D extends Device>(
  connect: () => Promise<D>,
  body: (device: D) => Promise<void>,
): Promise<void> {
  const device = await connect();
  try {
    await body(device);
  } finally {
    await device[Symbol.asyncDispose]();
  }
}

/** Requires `actual` and `expected` to be the same, as `Object.is` says. */
export function equal(what: string, actual: unknown, expected: unknown): void {
  if (!Object.is(actual, expected)) throw new LawError(what, expected, actual);
}

/** Requires a condition; `expected` says in words what would have been right. */
export function holds(what: string, condition: boolean, expected: string, actual: unknown): void {
  if (!condition) throw new LawError(what, new Words(expected), actual);
}

/** Requires two lists to be the same, item by item. */
export function listEqual(
  what: string,
  actual: readonly unknown[],
  expected: readonly unknown[],
): void {
  equal(`the length of ${what}`, actual.length, expected.length);
  expected.forEach((item, index) => equal(`item ${index} of ${what}`, actual[index], item));
}

/** Requires the same bytes, and names the first that differs. */
export function bytesEqual(
  what: string,
  actual: Uint8Array | undefined,
  expected: Uint8Array,
): void {
  if (actual === undefined) throw new LawError(what, expected, actual);
  equal(`the length of ${what}`, actual.length, expected.length);
  const index = expected.findIndex((byte, at) => actual[at] !== byte);
  if (index >= 0) throw new LawError(`byte ${index} of ${what}`, expected[index], actual[index]);
}

/**
 * Requires `operation` to reject with `errorClass` and, if codes are given, with one of them.
 * Throwing at once counts as rejecting: a caller that awaits cannot tell.
 */
export async function rejects(
  what: string,
  operation: () => Promise<unknown>,
  errorClass: ErrorClass,
  ...codes: readonly string[]
): Promise<void> {
  checkError(what, await outcome(operation), errorClass, codes);
}

/** Requires `operation` to throw, as {@link rejects}. */
export function throws(
  what: string,
  operation: () => unknown,
  errorClass: ErrorClass,
  ...codes: readonly string[]
): void {
  let failure: Outcome;
  try {
    failure = { failed: false, value: operation() };
  } catch (error) {
    failure = { failed: true, error };
  }
  checkError(what, failure, errorClass, codes);
}

/** Requires `operation` to reject with this very `reason`, as a cancelled operation does. */
export async function rejectsWithReason(
  what: string,
  operation: () => Promise<unknown>,
  reason: unknown,
): Promise<void> {
  const result = await outcome(operation);
  if (!result.failed) throw new LawError(what, reason, new Words("that it resolved"));
  equal(`the reason of ${what}`, result.error, reason);
}

/**
 * Returns `promise`, which a law awaits only later: should the law fail before, a rejection of the
 * promise is not reported as nobody's.
 */
export function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}

/** Bytes that look random and are the same for the same `seed`: never all zeros. */
export function sampleBytes(lengthBytes: number, seed: number): Uint8Array<ArrayBuffer> {
  const next = sampleNumbers(seed);
  return new Uint8Array(lengthBytes).map(() => next(255) + 1);
}

/**
 * Returns a generator of numbers from 0 to `below - 1` that is the same for the same `seed`.
 *
 * @see Knuth, The Art of Computer Programming 3.3.4, table 1, line 26 (a = 1664525 modulo 2³²)
 */
export function sampleNumbers(seed: number): (below: number) => number {
  let state = (seed ^ 0x9e3779b9) >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** What became of an operation. */
type Outcome =
  | { readonly failed: false; readonly value: unknown }
  | { readonly failed: true; readonly error: unknown };

/** Text that {@link show} prints without quotes. */
class Words {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

async function outcome(operation: () => Promise<unknown>): Promise<Outcome> {
  try {
    return { failed: false, value: await operation() };
  } catch (error) {
    return { failed: true, error };
  }
}

function checkError(
  what: string,
  result: Outcome,
  errorClass: ErrorClass,
  codes: readonly string[],
): void {
  const expected = new Words([errorClass.name, codes.join(" or ")].join(" ").trim());
  if (!result.failed) throw new LawError(what, expected, new Words("no error"));
  const { error } = result;
  const code: unknown = error instanceof Error && "code" in error ? error.code : undefined;
  const isRight =
    error instanceof errorClass &&
    (codes.length === 0 || (typeof code === "string" && codes.includes(code)));
  if (!isRight) throw new LawError(what, expected, error);
}

function show(value: unknown): string {
  if (value instanceof Words) return value.text;
  if (typeof value === "string") return JSON.stringify(value.slice(0, 200));
  if (typeof value === "bigint") return `${value}n`;
  if (value instanceof Uint8Array)
    return `${value.length} bytes [${value.slice(0, 16).join(" ")}…]`;
  if (value instanceof Error) {
    const code = "code" in value ? ` ${String(value.code)}` : "";
    return `${value.name}${code} (${value.message})`;
  }
  return String(value);
}
