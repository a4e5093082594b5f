/**
 * A lock that a process holds while it lives: a file beside the one it guards, linked into place in
 * one step, that names the process. Node has no `flock`; a lock whose process is gone is taken
 * over.
 *
 * **It guards against other processes of the same machine and the same kind only**: it is advisory,
 * and on a network file system the process that it names may be another machine's.
 */

import { randomUUID } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { link, readFile, rm, writeFile } from "node:fs/promises";
import { setTimeout } from "node:timers/promises";
import { BlockError } from "../devices/errors.ts";

/** How often a stale lock is tried to be taken over: each time, somebody else was faster. */
const maxAttempts = 10;

/** How long another process may take to remove a stale lock, before we look again. */
const retryMs = 5;

/** Locks that this process holds, to be given up when it ends. */
const held = new Set<string>();

process.on("exit", () => {
  for (const path of held) rmSync(path, { force: true });
});

/**
 * Takes the lock at `path`. Returns the function that gives it back.
 *
 * @throws {BlockError} `busy` if a living process has it; `io`; `cannot` begins the message
 */
export async function lockFile(path: string, cannot: string): Promise<() => Promise<void>> {
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    if (await take(path, cannot)) {
      held.add(path);
      return async () => {
        if (held.delete(path)) await rm(path, { force: true });
      };
    }
    const owner = await readOwner(path, cannot);
    if (owner === undefined) continue;
    if (isAlive(owner)) {
      throw new BlockError("busy", `${cannot}: process ${owner.pid} has it open (${path})`);
    }
    await removeStale(path, cannot);
  }
  throw new BlockError("busy", `${cannot}: other processes are opening it (${path})`);
}

/** A process; its start tells it from a later one of the same number. */
interface Owner {
  readonly pid: number;
  readonly start: string;
}

/** Makes the lock with its owner's name in it, so that nobody ever sees it without. */
async function take(path: string, cannot: string): Promise<boolean> {
  const own = `${path}.${process.pid}.${randomUUID()}`;
  const owner: Owner = { pid: process.pid, start: statusOf(process.pid)?.start ?? "" };
  try {
    await writeFile(own, JSON.stringify(owner));
    await link(own, path);
    return true;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EEXIST") return false;
    throw new BlockError("io", `${cannot}: ${message}`, { cause: error });
  } finally {
    await rm(own, { force: true });
  }
}

/** Whose a lock is that cannot be understood. */
const nobody: Owner = { pid: 0, start: "" };

/** Reads whose the lock is; `undefined` if it was given back meanwhile. */
async function readOwner(path: string, cannot: string): Promise<Owner | undefined> {
  try {
    return decodeOwner(await readFile(path, "utf8"));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    throw new BlockError("io", `${cannot}: ${message}`, { cause: error });
  }
}

function decodeOwner(text: string): Owner {
  try {
    const { pid = 0, start = "" } = (JSON.parse(text) as Partial<Owner> | null) ?? {};
    return Number.isSafeInteger(pid) ? { pid, start } : nobody;
  } catch {
    return nobody;
  }
}

function isAlive({ pid, start }: Owner): boolean {
  // Not every number is a process: 0 and less are groups of them.
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process is alive, too.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = statusOf(pid);
  // One that has ended, and that its parent has not asked about, still has a number.
  if (now?.state === "Z") return false;
  return now === undefined || start === "" || now.start === start;
}

/**
 * What the kernel says of a process, in its own terms (proc(5), fields 3 and 22): its state and
 * when it started. `undefined` where it says nothing.
 */
function statusOf(pid: number): { readonly state: string; readonly start: string } | undefined {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in parentheses, which may hold anything.
    const fields = status.slice(status.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0] ?? "", start: fields[19] ?? "" };
  } catch {
    return undefined;
  }
}

/**
 * Removes a dead process's lock. Whoever does so holds the lock on it, and looks once more: so
 * nobody removes the lock that another has taken meanwhile.
 */
async function removeStale(path: string, cannot: string): Promise<void> {
  let release: () => Promise<void>;
  try {
    release = await lockFile(`${path}.stale`, cannot);
  } catch (error) {
    if (!(error instanceof BlockError) || error.code !== "busy") throw error;
    await setTimeout(retryMs);
    return;
  }
  try {
    const owner = await readOwner(path, cannot);
    // One that was given back meanwhile may be another's by the time we would remove it.
    if (owner !== undefined && !isAlive(owner)) await rm(path, { force: true });
  } finally {
    await release();
  }
}
