/** What every command of `morgana` is. */

/** A command, in a module of its own that is loaded when it is called. */
export interface Command {
  /** How it is written, after `morgana`. */
  readonly usage: string;
  /** A few words for the list of commands. */
  readonly summary: string;
  /** What its options are. */
  readonly help: string;
  /** Runs it with the words after its name; resolves to the exit code. */
  readonly run: (argv: readonly string[]) => Promise<number>;
}

/** The command was called wrongly; its usage is shown. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/**
 * The one word that a command takes.
 *
 * @throws {UsageError} if there are more, or none and no `fallback`
 */
export function onlyWord(words: readonly string[], what: string, fallback?: string): string {
  const [first = fallback, second] = words;
  if (first === undefined) throw new UsageError(`The ${what} is missing`);
  if (second !== undefined) throw new UsageError(`Unexpected "${second}": there is one ${what}`);
  return first;
}
