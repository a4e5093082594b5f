/** The command as a process of its own, in an empty folder, as a user starts it. */

import type { ChildProcess } from "node:child_process";
import { spawn } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { constants, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test as base } from "@playwright/test";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The program behind the command `morgana`. */
export const entry: string = join(root, "dist/cli/index.js");

/** The folder of an example, or of a unikernel that only the tests have. */
export const example = (name: string): string => join(root, "examples", name);
export const testUnikernel = (name: string): string => join(root, "e2e/unikernels", name);

/** How a process ended: its exit code, or as shells have it 128 and the signal's number. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

interface StartOptions {
  /** What stands on standard input, which then ends; without it there is none. */
  readonly input?: string;
  /** The program, if it is not the command itself. */
  readonly program?: string;
  /** Leaves standard input open for {@link Process.type}. */
  readonly typing?: boolean;
}

/** A process that was started. */
export class Process {
  stdout = "";
  stderr = "";
  /** Resolves when it has ended and all that it wrote was read. */
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;

  constructor(child: ChildProcess) {
    this.#child = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    // It may have ended before it read its input.
    child.stdin?.on("error", () => {});
    this.ended = new Promise((resolve, reject) => {
      child.on("error", reject);
      child.on("close", (code, signal) => {
        const number = signal === null ? 0 : constants.signals[signal];
        resolve({ code: code ?? 128 + number, stdout: this.stdout, stderr: this.stderr });
      });
    });
  }

  /** Waits for a text on standard output. */
  async shows(text: string | RegExp): Promise<void> {
    const found = (): boolean =>
      typeof text === "string" ? this.stdout.includes(text) : text.test(this.stdout);
    // An ended process shows nothing more: what it said says why.
    await Promise.race([
      expect.poll(found, { message: `shows ${String(text)}`, timeout: 20_000 }).toBe(true),
      this.ended,
    ]);
    if (!found()) throw new Error(`It ended before: ${JSON.stringify(await this.ended)}`);
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  /** Ends it as a user would, and by force if that is in vain. */
  async stop(): Promise<void> {
    if (!this.hasEnded) this.killAll("SIGTERM");
    const timer = setTimeout(() => this.killAll("SIGKILL"), 5_000);
    await Promise.allSettled([this.ended]);
    clearTimeout(timer);
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** Sends a signal to the command alone, as `kill` does. */
  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Sends a signal to the command and all that it started, as a terminal does. */
  killAll(signal: NodeJS.Signals): void {
    try {
      process.kill(-(this.#child.pid ?? 0), signal);
    } catch {
      // Nobody is left.
    }
  }
}

/** Starts the command with these words. */
type Start = (words: readonly string[], options?: StartOptions) => Process;

/** Runs the command with these words to its end. */
type Run = (words: readonly string[], options?: StartOptions) => Promise<Ended>;

/** Tests with an empty folder, and the command in it. No test may leave temporary files behind. */
export const test = base.extend<{
  folder: string;
  start: Start;
  morgana: Run;
  write: (files: Readonly<Record<string, string>>) => void;
}>({
  // oxlint-disable-next-line no-empty-pattern -- how Playwright learns that it needs no fixture
  folder: async ({}, use) => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "morgana-e2e-")));
    await use(folder);
    rmSync(folder, { recursive: true, force: true });
  },

  // oxlint-disable-next-line no-empty-pattern -- how Playwright learns that it needs no fixture
  start: async ({ folder }, use) => {
    const temporary = `${folder}.tmp`;
    mkdirSync(temporary);
    const started: Process[] = [];
    await use((words, { input, typing = false, program } = {}) => {
      const [file, args] =
        program === undefined ? [process.execPath, [entry, ...words]] : [program, words];
      const child = spawn(file, args, {
        cwd: folder,
        env: { ...process.env, TMPDIR: temporary, NO_COLOR: "1", FORCE_COLOR: undefined },
        stdio: [input === undefined && !typing ? "ignore" : "pipe", "pipe", "pipe"],
        // A group of its own, so that nothing is left of a test that fails.
        detached: true,
      });
      if (input !== undefined) child.stdin?.end(input);
      const process_ = new Process(child);
      started.push(process_);
      return process_;
    });
    await Promise.all(started.map((each) => each.stop()));
    const left = readdirSync(temporary);
    rmSync(temporary, { recursive: true, force: true });
    expect(left, "temporary files that were left behind").toEqual([]);
  },

  morgana: async ({ start }, use) => {
    await use((words, options) => start(words, options).ended);
  },

  /** Writes files into the folder, from which the package can be imported. */
  write: async ({ folder }, use) => {
    mkdirSync(join(folder, "node_modules"));
    symlinkSync(root, join(folder, "node_modules/fata-morgana"));
    await use((files) => {
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, file)), { recursive: true });
        writeFileSync(join(folder, file), text);
      }
    });
  },
});
