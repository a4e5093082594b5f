#!/usr/bin/env node
/** The `morgana` command. */

import { readFileSync } from "node:fs";
import { constants } from "node:os";
import { stripVTControlCharacters } from "node:util";
import type { Command } from "./command.ts";
import { UsageError } from "./command.ts";

const commands: Readonly<Record<string, () => Promise<{ command: Command }>>> = {
  new: () => import("./new.ts"),
  dev: () => import("./dev.ts"),
  build: () => import("./build.ts"),
  run: () => import("./run.ts"),
  describe: () => import("./describe.ts"),
};

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // Whoever read it has gone, as in `morgana … | head`: it ends as other programs do.
  if (error.code === "EPIPE") process.exit(128 + constants.signals.SIGPIPE);
  complain(`morgana: Cannot write the output: ${error.message}\n`);
  process.exit(1);
});
process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const [name = "--help", ...rest] = argv;
  if (name === "--help" || name === "-h" || name === "help") return help(rest[0]);
  if (name === "--version") {
    process.stdout.write(`${packageVersion()}\n`);
    return 0;
  }
  const command = await find(name);
  if (command === undefined) return unknown(name);
  // What follows the unikernel's name is the unikernel's.
  const own = name === "run" ? rest.slice(0, 1) : rest;
  if (own.some((word) => word === "--help" || word === "-h")) return help(name);
  try {
    return await command.run(rest);
  } catch (error) {
    const misuse = error instanceof UsageError || isParseArgsError(error);
    complain(`morgana ${name}: ${(error as Error).message}\n`);
    if (misuse) process.stderr.write(`\nUsage: morgana ${command.usage}\n`);
    return misuse ? 64 : 1;
  }
}

async function find(name: string): Promise<Command | undefined> {
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  return (await load?.())?.command;
}

async function help(name: string | undefined): Promise<number> {
  if (name === undefined) {
    process.stdout.write(await overview());
    return 0;
  }
  const command = await find(name);
  if (command === undefined) return unknown(name);
  process.stdout.write(`Usage: morgana ${command.usage}\n\n${command.help}\n`);
  return 0;
}

async function unknown(name: string): Promise<number> {
  complain(`morgana: there is no command "${name}"\n\n${await overview()}`);
  return 64;
}

/** The bundler's messages have colours, which are for terminals only. */
function complain(text: string): void {
  process.stderr.write(process.stderr.isTTY ? text : stripVTControlCharacters(text));
}

async function overview(): Promise<string> {
  const loaded = await Promise.all(Object.values(commands).map((load) => load()));
  const lines = loaded.map(({ command }) => `  morgana ${command.usage}\n      ${command.summary}`);
  return [
    `Morgana ${packageVersion()}: a library operating system for the browser`,
    "",
    ...lines,
    "",
    "`morgana help <command>` tells more.",
    "",
  ].join("\n");
}

function packageVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

function isParseArgsError(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith("ERR_PARSE_ARGS");
}
