import { spawnSync } from "node:child_process";
import { expect } from "@playwright/test";
import type { Process } from "./command.ts";
import { entry, example, test as base, testUnikernel } from "./command.ts";

/** What gives a command a terminal: `script` of util-linux, as Debian has it; others differ. */
const hasScript = String(spawnSync("script", ["--version"]).stdout).includes("util-linux");

const test = base.extend<{ terminal: (unikernel: string) => Process }>({
  /** Runs a unikernel in a terminal; says its process number before, and its exit code after. */
  terminal: async ({ start }, use) => {
    await use((unikernel) => {
      const run = `echo "pid $$ tty $(tty)"; exec "${process.execPath}" "${entry}" run "${unikernel}"`;
      const shell = `trap : INT; stty cols 90 rows 33; sh -c '${run}'; echo "code $?"; stty -a`;
      const words = ["-qec", shell, "/dev/null"];
      return start(words, { program: "script", typing: true });
    });
  },
});

test.beforeEach(() => {
  test.fixme(!hasScript, "There is no `script` of util-linux here to make a terminal");
});

/** Waits for its end: its exit code, and the terminal as it was before. */
async function expectEnd(running: Process, code: number): Promise<void> {
  const { stdout } = await running.ended;
  expect(/code (\d+)\r\n/.exec(stdout)?.[1]).toBe(String(code));
  const settings = stdout.slice(stdout.lastIndexOf("code ")).split(/\s+/);
  expect(settings).toEqual(expect.arrayContaining(["icanon", "echo", "isig", "icrnl", "opost"]));
}

test("in a terminal, console edits its line, remembers it, and knows the screen", async ({
  terminal,
}) => {
  const running = terminal(example("console"));
  await running.shows('Type "help" for its commands.\r\n');
  running.type("two\u0001echo one \r");
  await running.shows(/\none two\r\n/);
  running.type("size\r");
  await running.shows("\n90 × 33\r\n");
  running.type("\u001b[A\u001b[A\u007f\u007f\u007fthree\r");
  await running.shows(/\none three\r\n/);
  running.type("exit 3\r");
  await expectEnd(running, 3);
});

test("in a terminal, a unikernel gets single keys and hears of a new size", async ({
  terminal,
}) => {
  const running = terminal(testUnikernel("takes-keys"));
  await running.shows("keys, please: 90 x 33\r\n");
  running.type("a");
  await running.shows("key 61\r\n");
  running.type("\u001b[A");
  await running.shows("key 1b 5b 41\r\n");
  running.type("\u0003");
  await running.shows("key 03\r\n");
  const [, tty = ""] = /tty (\S+)/.exec(running.stdout) ?? [];
  spawnSync("stty", ["-F", tty, "cols", "70", "rows", "20"]);
  await running.shows("now 70 x 20\r\n");
  running.type("q");
  await expectEnd(running, 0);
});

test("in a terminal, one that throws leaves it as it was", async ({ terminal }) => {
  const running = terminal(testUnikernel("takes-keys"));
  await running.shows("keys, please");
  running.type("r");
  await running.shows("Uncaught Error: r was typed\r\n");
  await expectEnd(running, 255);
});

test("in a terminal, one that had to be killed leaves it as it was", async ({ terminal }) => {
  const running = terminal(testUnikernel("takes-keys"));
  await running.shows("keys, please");
  running.type("b");
  await running.shows("key 62\r\n");
  process.kill(Number(/pid (\d+)/.exec(running.stdout)?.[1]), "SIGINT");
  await expectEnd(running, 137);
});

test("in a terminal, Ctrl-C halts what reads no keys", async ({ terminal }) => {
  const running = terminal(testUnikernel("keeps-disk"));
  await running.shows("has the disk");
  running.type("\u0003");
  await expectEnd(running, 0);
});
