/** What is to be said of a run that did more than return. Loaded when there is one. */

import type { Description } from "../config/graph.ts";
import { usage } from "../config/usage.ts";
import { decodeError } from "./errors.ts";
import * as exitCodes from "./exit-codes.ts";
import type { RunReport } from "./protocol.ts";

/** How a run ended, in things to show. */
export interface Ending {
  /** What ended it, if the code is 255. */
  readonly error?: Error | undefined;
  /** The usage text, if it was asked for or the arguments are wrong. */
  readonly usage?: string | undefined;
}

/** What a worker's report comes to; `description` is what the unikernel said of itself. */
export function endingOf(
  { code, error, misuse }: RunReport,
  description: Description | undefined,
): Ending {
  const asked = code === exitCodes.help || misuse !== undefined;
  return {
    error: error && decodeError(error),
    usage: asked && description !== undefined ? usage(description, misuse) : undefined,
  };
}

/** Why a worker's script at `url` did not load, or what it threw before it could offer anything. */
export async function endingOfScript(
  event: ErrorEvent,
  url: URL,
  unikernel: string,
): Promise<Ending> {
  const { message = "", filename, lineno, colno } = event as Partial<ErrorEvent>;
  if (message === "") {
    const error = new Error(await explainLoadFailure(url, unikernel));
    return { error: Object.assign(error, { stack: "" }) };
  }
  // As browsers write it: `Uncaught TypeError: why`.
  const [, name = "Error", why = ""] = /^(?:Uncaught )?(?:(\w*Error): )?(.*)$/s.exec(message) ?? [];
  const stack = `${name}: ${why}\n    at ${filename}:${lineno}:${colno}`;
  return { error: decodeError({ name, message: why, stack }) };
}

async function explainLoadFailure(url: URL, name: string): Promise<string> {
  const cannot = `Cannot boot "${name}"`;
  try {
    const { status } = await fetch(url, { method: "HEAD" });
    if (status === 404) return `${cannot}: there is no unikernel at ${url.href}`;
    return `${cannot}: ${url.href} answered ${status}, and is not a unikernel's script`;
  } catch {
    return `${cannot}: ${url.href} cannot be reached`;
  }
}
