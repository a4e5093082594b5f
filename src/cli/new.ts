/** `morgana new`: a project with a unikernel that runs. */

import { readdirSync, readFileSync, statSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join, relative, resolve } from "node:path";
import { parseArgs } from "node:util";
import type { Command } from "./command.ts";
import { onlyWord } from "./command.ts";

export const command: Command = {
  usage: "new <dir>",
  summary: "Make a project with a unikernel that runs",
  help: "  The folder must not exist or be empty.",
  async run(argv) {
    const { positionals } = parseArgs({ args: [...argv], allowPositionals: true });
    const folder = resolve(onlyWord(positionals, "folder"));
    checkEmpty(folder);
    await mkdir(folder, { recursive: true });
    for (const [file, text] of projectFiles(nameOf(folder))) {
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

function projectFiles(name: string): ReadonlyMap<string, string> {
  const { version, devDependencies } = ownManifest();
  const json = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;
  return new Map([
    [
      "package.json",
      json({
        name,
        private: true,
        version: "0.1.0",
        type: "module",
        scripts: {
          start: "morgana dev",
          build: "morgana build",
          node: "morgana run . -t node",
          check: "tsc --noEmit",
        },
        devDependencies: {
          "fata-morgana": `^${version}`,
          typescript: devDependencies["typescript"],
        },
      }),
    ],
    [
      "tsconfig.json",
      json({
        compilerOptions: {
          target: "ES2023",
          lib: ["ESNext", "DOM"],
          types: [],
          module: "ESNext",
          moduleResolution: "bundler",
          allowImportingTsExtensions: true,
          verbatimModuleSyntax: true,
          strict: true,
          noEmit: true,
          skipLibCheck: true,
        },
        include: ["**/*.ts"],
        exclude: ["dist", "node_modules"],
      }),
    ],
    [
      "config.ts",
      `import { defaultConsole, unikernel } from "fata-morgana/config";

export default unikernel("${name}", () => import("./unikernel.ts"), [defaultConsole], {
  description: "Greets whoever it is told to greet",
  args: { name: { type: "string", default: "world", doc: "Whom to greet" } },
});
`,
    ],
    [
      "unikernel.ts",
      `import type { Context } from "fata-morgana/config";
import type { Console } from "fata-morgana/devices";

export async function start(
  console: Console,
  { args }: Context<{ name: string }>,
): Promise<void> {
  await console.writeLine(\`Hello, \${args.name}!\`);
}
`,
    ],
    [
      "README.md",
      `# ${name}

A unikernel of [Morgana](https://www.npmjs.com/package/fata-morgana).

\`\`\`
npm install
npm start                      # the page, with reload on change
npm run node -- --name=you     # the same in a terminal
npm run build                  # static files in dist/
npm run check                  # types
\`\`\`

\`config.ts\` says which devices it gets, \`unikernel.ts\` what it does with them.
`,
    ],
    [".gitignore", "node_modules/\ndist/\n"],
  ]);
}

function ownManifest(): { version: string; devDependencies: Record<string, string> } {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return JSON.parse(manifest) as { version: string; devDependencies: Record<string, string> };
}
