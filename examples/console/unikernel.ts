import type { Context } from "fata-morgana/config";
import type { Console } from "fata-morgana/devices";
import { LineEditor } from "./line-editor.ts";

interface Shell {
  readonly console: Console;
  readonly history: readonly string[];
}

interface Command {
  readonly doc: string;
  run(shell: Shell, words: readonly string[]): Promise<void> | void;
}

const commands: Readonly<Record<string, Command>> = {
  help: {
    doc: "show the commands",
    async run({ console }) {
      for (const [name, { doc }] of Object.entries(commands)) {
        await console.writeLine(`  ${name.padEnd(8)} ${doc}`);
      }
    },
  },
  echo: {
    doc: "print its arguments",
    run: ({ console }, words) => console.writeLine(words.join(" ")),
  },
  history: {
    doc: "show the lines typed so far",
    async run({ console, history }) {
      for (const [index, line] of history.entries()) {
        await console.writeLine(`  ${String(index + 1).padStart(3)}  ${line}`);
      }
    },
  },
  size: {
    doc: "show the size of the screen",
    run: ({ console }) =>
      console.writeLine(
        console.size ? `${console.size.columns} × ${console.size.rows}` : "no screen",
      ),
  },
  clear: { doc: "clear the screen", run: ({ console }) => console.write("\u001b[2J\u001b[H") },
  exit: { doc: "leave, with an exit code if one is given", run: () => {} },
};

export async function start(
  console: Console,
  { args, signal }: Context<{ prompt: string }>,
): Promise<number> {
  const editor = new LineEditor(console, args.prompt);
  await console.writeLine('A small shell. Type "help" for its commands.');
  while (true) {
    const line = await editor.readLine(signal);
    const [name, ...words] = line === undefined ? ["exit"] : line.split(/\s+/).filter(Boolean);
    if (name === undefined) continue;
    if (name === "exit") return exitCode(words[0]);
    const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
    if (command !== undefined) await command.run({ console, history: editor.history }, words);
    else await console.writeLine(`${name}: there is no such command; try "help"`);
  }
}

function exitCode(word: string | undefined): number {
  const code = Number(word ?? 0);
  return Number.isInteger(code) && code >= 0 && code <= 255 ? code : 1;
}
