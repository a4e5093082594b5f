/** The template of a website: its files are compiled into a unikernel that serves them. */

/** Its files beside those of every project. */
export function website(name: string): ReadonlyMap<string, string> {
  return new Map([
    [
      "config.ts",
      `import {
  compiledFiles,
  defaultConsole,
  genericStack,
  httpServer,
  unikernel,
} from "fata-morgana/config";

const stack = genericStack();
const site = compiledFiles("site", () => import("./site?files"));

export default unikernel(
  "${name}",
  () => import("./unikernel.ts"),
  [defaultConsole, stack, httpServer(stack), site],
  {
    description: "Serves the files of a folder",
    args: { port: { type: "int", default: 8080, min: 1, max: 65_535, doc: "TCP port to serve on" } },
  },
);
`,
    ],
    [
      "unikernel.ts",
      `import type { Context } from "fata-morgana/config";
import type { Console, HttpServer, KeyValueRead, Stack } from "fata-morgana/devices";
import { staticFiles } from "fata-morgana/net/http/static-files";

export async function start(
  console: Console,
  stack: Stack,
  http: HttpServer,
  site: KeyValueRead,
  { args: { port }, signal }: Context<{ readonly port: number }>,
): Promise<void> {
  http.serve(port, staticFiles(site));
  await stack.configured(signal);
  await console.writeLine(\`Serving on port \${port} of \${stack.addresses.join(", ")}\`);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
}
`,
    ],
    [
      "index.html",
      `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${name}</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="./morgana.css">
    <script type="module" src="./morgana.js"></script>
  </head>
  <body>
    <main>
      <h1>${name}</h1>
      <!-- The scripts in site/ are yours, as this page is. -->
      <morgana-site port="8080" allow-scripts></morgana-site>
      <morgana-unikernel src="./${name}/"></morgana-unikernel>
    </main>
  </body>
</html>
`,
    ],
    [
      "site/index.html",
      `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <title>${name}</title>
    <link rel="stylesheet" href="style.css">
  </head>
  <body>
    <main>
      <h1>${name}</h1>
      <p>This page is <code>site/index.html</code>. Links between pages begin with a name or with
        <code>../</code>, not with <code>/</code>, and then work everywhere.</p>
    </main>
  </body>
</html>
`,
    ],
    [
      "site/style.css",
      `:root {
  color-scheme: light dark;
  font: 1.125rem/1.6 system-ui, sans-serif;
}
main {
  max-width: 40rem;
  margin: 0 auto;
  padding: 1rem;
}
`,
    ],
    [
      "README.md",
      `# ${name}

A website that is a unikernel of [Morgana](https://www.npmjs.com/package/fata-morgana): the files of \`site/\` are
compiled into it, and it serves them over HTTP on a network stack of its own.

\`\`\`
npm install
npm start                      # in a page: the browser is its client, with reload on change
npm run node                   # on this machine, at http://localhost:8080/
npm run build                  # static files in dist/, for any host with HTTPS
npm run build:node             # one file for a server in dist-node/, with a Containerfile
npm run check                  # types
\`\`\`

\`config.ts\` says which devices it gets, \`unikernel.ts\` what it does with them. \`index.html\` is the page around the
site where it runs in a browser.
`,
    ],
  ]);
}
