// npm run conformance: writes the tables of docs/conformance.md from what test/rfc says.

import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runnerImport } from "vite";

/** @param {string} path */
const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** @type {typeof import("../test/rfc/table.ts")} */
const { conformanceTables, marker } = (
  await runnerImport(at("test/rfc/table.ts"), { logLevel: "error" })
).module;
const file = at("docs/conformance.md");
const text = readFileSync(file, "utf8");
writeFileSync(file, text.slice(0, text.indexOf(marker)) + conformanceTables());
