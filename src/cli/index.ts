#!/usr/bin/env node
/** The `morgana` command. */

import { readFileSync } from "node:fs";
import type { Command } from "./command.ts";
import { UsageError } from "./command.ts";

const commands: Readonly<Record<string, () => Promise<{ command: Command }>>> = {
  new: () => import("./new.ts"),
  dev: () => import("./dev.ts"),
  build: () => import("./build.ts"),
  run: () => import("./run.ts"),
  describe: () => import("./describe.ts"),
};

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const [name = "--help", ...rest] = argv;
  if (name === "--help" || name === "-h" || name === "help") {
    process.stdout.write(await overview());
    return 0;
  }
  if (name === "--version") {
    process.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    process.stderr.write(`morgana: there is no command "${name}"\n\n${await overview()}`);
    return 64;
  }
  const { command } = await load();
  try {
    if (name !== "run" && rest.some((word) => word === "--help" || word === "-h")) {
      process.stdout.write(`Usage: morgana ${command.usage}\n\n${command.help}\n`);
      return 0;
    }
    return await command.run(rest);
  } catch (error) {
    const { message } = error as Error;
    const misuse = error instanceof UsageError || isParseArgsError(error);
    process.stderr.write(`morgana ${name}: ${message}\n`);
    if (misuse) process.stderr.write(`\nUsage: morgana ${command.usage}\n`);
    return misuse ? 64 : 1;
  }
}

async function overview(): Promise<string> {
  const loaded = await Promise.all(Object.values(commands).map((load) => load()));
  const rows = loaded.map(({ command }) => [command.usage, command.summary] as const);
  const width = Math.max(...rows.map(([usage]) => usage.length));
  const lines = rows.map(([usage, summary]) => `  morgana ${usage.padEnd(width)}  ${summary}`);
  return `Morgana ${packageVersion()}: a library operating system for the browser\n\n${lines.join("\n")}\n`;
}

function packageVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

function isParseArgsError(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS");
}
