/**
 * A lock that a process holds while it lives: a file beside the one it guards, linked into
 * place in one step, that names the process. Node has no `flock`; a lock whose process is gone is taken over.
 *
 * **It guards against other processes of the same machine and the same kind only**: it is advisory, and
 * on a network file system the process that it names may be another machine's.
 */

import { randomUUID } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { link, readFile, rename, rm, writeFile } from "node:fs/promises";
import { BlockError } from "../devices/errors.ts";

/** How often a stale lock is tried to be taken over: each time, somebody else was faster. */
const maxAttempts = 10;

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
    try {
      await take(path);
      held.add(path);
      return async () => {
        if (held.delete(path)) await rm(path, { force: true });
      };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== "EEXIST") throw new BlockError("io", `${cannot}: ${message}`, { cause: error });
    }
    const owner = await readOwner(path);
    if (owner !== undefined && isAlive(owner)) {
      throw new BlockError("busy", `${cannot}: process ${owner.pid} has it open (${path})`);
    }
    await removeStale(path, owner);
  }
  throw new BlockError("busy", `${cannot}: other processes are opening it (${path})`);
}

/** A process; its start tells it from a later one of the same number. */
interface Owner {
  readonly pid: number;
  readonly start: string;
}

/** Makes the lock with its owner's name in it, so that nobody ever sees it without. */
async function take(path: string): Promise<void> {
  const own = `${path}.${process.pid}.${randomUUID()}`;
  await writeFile(own, JSON.stringify({ pid: process.pid, start: startOf(process.pid) }));
  try {
    await link(own, path);
  } finally {
    await rm(own, { force: true });
  }
}

async function readOwner(path: string): Promise<Owner | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as Owner;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, start }: Owner): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // Somebody else's process is alive, too.
    if ((error as NodeJS.ErrnoException).code !== "EPERM") return false;
  }
  const now = startOf(pid);
  return now === "" || start === "" || now === start;
}

/** When a process started, in the kernel's own terms (proc(5), field 22); empty where it does not say. */
function startOf(pid: number): string {
  try {
    const status = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The second field is the command in parentheses, which may hold anything.
    return status.slice(status.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  } catch {
    return "";
  }
}

/** Takes a dead process's lock out of the way, unless another has done so and locked anew. */
async function removeStale(path: string, owner: Owner | undefined): Promise<void> {
  const aside = `${path}.${process.pid}.${randomUUID()}`;
  try {
    // Only one of those who try gets hold of it.
    await rename(path, aside);
  } catch {
    return;
  }
  const moved = await readOwner(aside);
  const fresh = moved !== undefined && moved.pid !== owner?.pid && isAlive(moved);
  await (fresh ? rename(aside, path) : rm(aside, { force: true }));
}
