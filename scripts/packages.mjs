// Makes sure that node_modules is what package-lock.json says.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root, run, say } from "./step.mjs";

/** @typedef {{ version?: string, optional?: boolean, devOptional?: boolean }} LockedPackage */

/**
 * Installs the locked packages with `npm ci` unless they are there already.
 *
 * @throws {Error} what to do, when npm could not install them
 */
export async function ensurePackages() {
  const reason = whyToInstall(root);
  if (reason === undefined) return;
  say(`Installing the packages of package-lock.json (npm ci): ${reason}.`);
  // A person who has NODE_ENV=production set wants to build this all the same.
  const code = await run("npm", ["ci", "--include=dev", "--no-audit", "--no-fund"]);
  if (code !== 0) {
    throw new Error(
      "Cannot install the packages: npm ci failed (see above). Is npm's registry up?",
    );
  }
}

/**
 * Says why the packages must be installed, or `undefined` if they need not be. npm writes what it
 * installed to `node_modules/.package-lock.json`; comparing contents, not file times, keeps a fresh
 * checkout of the same lock file from installing again.
 *
 * @param {string} directory
 * @returns {string | undefined}
 */
function whyToInstall(directory) {
  const installedFile = join(directory, "node_modules", ".package-lock.json");
  if (!existsSync(installedFile)) return "node_modules is missing";
  const installed = readPackages(installedFile);
  const locked = readPackages(join(directory, "package-lock.json"));
  const different = Object.entries(locked).find(
    ([path, { version, optional, devOptional }]) =>
      path !== "" &&
      version !== installed[path]?.version &&
      !(installed[path] === undefined && (optional || devOptional)),
  );
  return different && `${different[0]} is not the one of package-lock.json`;
}

/**
 * @param {string} lockFile
 * @returns {Readonly<Record<string, LockedPackage>>}
 */
function readPackages(lockFile) {
  return JSON.parse(readFileSync(lockFile, "utf8")).packages;
}
