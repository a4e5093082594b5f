/** `morgana new`: a project with a unikernel that runs. */

import { readdirSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Command } from "./command.ts";
import { onlyWord, UsageError } from "./command.ts";
import { hello } from "./template-hello.ts";
import { website } from "./template-website.ts";
import { projectFiles } from "./template.ts";

/** The files of each template beside those that every project has, given the unikernel's name. */
const templates: Readonly<Record<string, (name: string) => ReadonlyMap<string, string>>> = {
  hello,
  website,
};

export const command: Command = {
  usage: "new <dir> [--template hello|website]",
  summary: "Make a project with a unikernel that runs",
  help: [
    "  --template <name>   hello (default) greets on its console; website serves the files",
    "                      of a folder over HTTP",
    "",
    "  The folder must not exist or be empty.",
  ].join("\n"),
  async run(argv) {
    const { positionals, values } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { template: { type: "string", default: "hello" } },
    });
    const make = Object.hasOwn(templates, values.template) && templates[values.template];
    if (!make) {
      const known = Object.keys(templates).join(" or ");
      throw new UsageError(`--template must be ${known}, not "${values.template}"`);
    }
    const folder = resolve(onlyWord(positionals, "folder"));
    checkEmpty(folder);
    const name = nameOf(folder);
    for (const [file, text] of [...projectFiles(name), ...make(name)]) {
      await mkdir(dirname(join(folder, file)), { recursive: true });
      await writeFile(join(folder, file), text);
    }
    process.stdout.write(nextSteps(relative(".", folder)));
    return 0;
  },
};

function checkEmpty(folder: string): void {
  const status = statSync(folder, { throwIfNoEntry: false });
  if (status === undefined) return;
  const cannot = `Cannot make a project in ${folder}`;
  if (!status.isDirectory()) throw new Error(`${cannot}: it is not a folder`);
  if (readdirSync(folder).length > 0) throw new Error(`${cannot}: it is not empty`);
}

function nextSteps(path: string): string {
  const word = /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
  const steps = [
    ...(path === "" ? [] : [`cd ${path.startsWith("-") ? `./${word}` : word}`]),
    "npm install",
    "npm start      # in the browser",
    "npm run node   # in this terminal",
  ];
  return `Made ${path || "a project here"}. Now:\n\n${steps.map((step) => `  ${step}\n`).join("")}`;
}

/** The folder's name as a unikernel's: what a URL and an npm package allow. */
function nameOf(folder: string): string {
  const name = basename(folder)
    .normalize("NFKD")
    .replaceAll(/\p{Mark}/gu, "")
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, "-")
    .replaceAll(/^-|-$/g, "");
  if (name === "") return "unikernel";
  // npm installs no package into itself, and has names of its own.
  const taken = ["fata-morgana", "typescript", "node-modules"].includes(name);
  return taken ? `${name}-unikernel` : name;
}
