// Makes sure that node_modules is what package-lock.json says.

import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { complain, isMain, root, run, say } from "./step.mjs";

/** @typedef {{ version?: string, optional?: boolean, devOptional?: boolean }} LockedPackage */

/**
 * Installs the locked packages with `npm ci` unless they are there already.
 *
 * @throws {Error} what to do, when this Node is too old or npm could not install them
 */
export async function ensurePackages() {
  const tooOld = whyNodeIsTooOld(root, process.versions.node);
  if (tooOld !== undefined) throw new Error(tooOld);
  const reason = whyToInstall(root);
  if (reason === undefined) return;
  say(`Installing the packages of package-lock.json (npm ci): ${reason}.`);
  // Also where NODE_ENV is production; not without a word, also below a command that is --silent.
  const always = ["--include=dev", "--loglevel=notice"];
  const code = await run("npm", ["ci", ...always, "--no-audit", "--no-fund"]);
  if (code !== 0) {
    throw new Error(
      "Cannot install the packages: npm ci failed (see above). Once that is mended, the same " +
        "command goes on from here.",
    );
  }
}

/**
 * Says that a version of Node is older than `engines` in package.json asks for: npm only warns, and
 * what fails later does not name the cause.
 *
 * @param {string} directory
 * @param {string} version
 * @returns {string | undefined}
 */
export function whyNodeIsTooOld(directory, version) {
  const { engines } = JSON.parse(readFileSync(join(directory, "package.json"), "utf8"));
  const least = engines.node.replace(">=", "");
  const isOld = version.localeCompare(least, "en", { numeric: true }) < 0;
  return isOld
    ? `Cannot go on: this is Node ${version}, and ${least} or newer is needed.`
    : undefined;
}

/**
 * Says why the packages must be installed, or `undefined` if they need not be. npm writes what it
 * installed to `node_modules/.package-lock.json`; comparing contents, not file times, keeps a fresh
 * checkout of the same lock file from installing again.
 *
 * @param {string} directory
 * @returns {string | undefined}
 */
export function whyToInstall(directory) {
  if (!existsSync(join(directory, "node_modules"))) return "node_modules is missing";
  const installed = readInstalled(directory);
  if (installed === undefined) return "node_modules is incomplete";
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
 * @param {string} directory
 * @returns {Readonly<Record<string, LockedPackage>> | undefined} nothing if npm was stopped before
 *   it had written all
 */
function readInstalled(directory) {
  try {
    return readPackages(join(directory, "node_modules", ".package-lock.json"));
  } catch {
    return undefined;
  }
}

/**
 * @param {string} lockFile
 * @returns {Readonly<Record<string, LockedPackage>>}
 */
function readPackages(lockFile) {
  return JSON.parse(readFileSync(lockFile, "utf8")).packages;
}

if (isMain(import.meta.url)) {
  try {
    await ensurePackages();
  } catch (error) {
    complain(error);
    process.exitCode = 1;
  }
}
