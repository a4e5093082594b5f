/** A process without an end of its own, for tests of what boots in one. */

import { Readable, Writable } from "node:stream";
import { vi } from "vitest";

/** How a process ended, and what it printed. */
export interface Ending {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** What a test does to the process, and learns of it. */
export interface FakeProcess {
  /** Resolves when the process exits, for the first time. */
  readonly ended: Promise<Ending>;
  /** What it printed so far. */
  readonly printed: Readonly<Record<"stdout" | "stderr", string>>;
  /** Calls whoever listens to an event of the process. */
  emit(event: string, value?: unknown): void;
}

/**
 * Makes this process one that was started with those words and that standard input, until
 * `vi.restoreAllMocks()`.
 */
export function fakeProcess(words: readonly string[], input = ""): FakeProcess {
  const printed = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    const stream = new Writable({
      write(bytes: Buffer, _encoding, done) {
        printed[name] += bytes.toString("utf8");
        done();
      },
    });
    vi.spyOn(process, name, "get").mockReturnValue(stream as typeof process.stdout);
  }
  vi.spyOn(process, "argv", "get").mockReturnValue(["node", "unikernel.mjs", ...words]);
  const stdin = Readable.from([Buffer.from(input)]);
  vi.spyOn(process, "stdin", "get").mockReturnValue(stdin as typeof process.stdin);
  const listeners: { readonly event: unknown; readonly call: (value: unknown) => void }[] = [];
  vi.spyOn(process, "on").mockImplementation((...all: readonly unknown[]) => {
    listeners.push({ event: all[0], call: all[1] as (value: unknown) => void });
    return process;
  });
  return {
    printed,
    ended: new Promise((resolve) => {
      const exit = (code: number): void => {
        resolve({ code, output: printed.stdout, errors: printed.stderr });
      };
      vi.spyOn(process, "exit").mockImplementation(exit as typeof process.exit);
    }),
    emit(event, value) {
      for (const each of listeners) if (each.event === event) each.call(value);
    },
  };
}
