/** What every project that `morgana new` makes has. */

import { readFileSync } from "node:fs";

/** The files of a project by their paths. */
export function projectFiles(name: string): ReadonlyMap<string, string> {
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
          "build:node": "morgana build -t node",
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
        exclude: ["dist", "dist-node", "node_modules"],
      }),
    ],
    [".gitignore", "node_modules/\ndist/\ndist-node/\n"],
  ]);
}

function ownManifest(): { version: string; devDependencies: Record<string, string> } {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return JSON.parse(manifest) as { version: string; devDependencies: Record<string, string> };
}
