/** The template of a unikernel that greets. */

/** Its files beside those of every project. */
export function hello(name: string): ReadonlyMap<string, string> {
  return new Map([
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
  ]);
}
