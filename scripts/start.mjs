// npm start: the dev server on the gallery of examples, from a fresh clone too.
// Arguments are those of `morgana dev`, as in `npm start -- --port 5173`.

import { fileURLToPath } from "node:url";
import { ensurePackages } from "./packages.mjs";
import { complain, run, say } from "./step.mjs";

try {
  await ensurePackages();
} catch (error) {
  complain(error);
  process.exit(1);
}

say("Building the package (npm run build:package).");
const code = await run("npm", ["run", "build:package", "--silent"]);
if (code !== 0) process.exit(code);

// The command runs in this process, so that signals and its exit code need no passing on.
const command = new URL("../dist/cli/index.js", import.meta.url);
process.argv = [
  process.execPath,
  fileURLToPath(command),
  "dev",
  "examples",
  ...process.argv.slice(2),
];
await import(command.href);
