/**
 * Errors across a thread. Structured clone drops an error's class, name and code, so that it travels
 * as plain data and is rebuilt on the other side.
 */

import { deviceErrors } from "../devices/errors.ts";

/** An error as it travels. */
export interface EncodedError {
  readonly name: string;
  readonly message: string;
  readonly code: string | undefined;
  readonly stack: string | undefined;
  readonly cause: EncodedError | undefined;
}

/** Causes of causes are followed this far. */
const maxDepth = 8;

/** Makes plain data of whatever was thrown. */
export function encodeError(thrown: unknown, depth = 0): EncodedError {
  if (!(thrown instanceof Error)) {
    const message = `Something that is not an Error was thrown: ${describe(thrown)}`;
    return { name: "Error", message, code: undefined, stack: undefined, cause: undefined };
  }
  const code = (thrown as { code?: unknown }).code;
  const followed = thrown.cause !== undefined && depth < maxDepth;
  return {
    name: thrown.name,
    message: thrown.message,
    code: typeof code === "string" ? code : undefined,
    stack: thrown.stack,
    cause: followed ? encodeError(thrown.cause, depth + 1) : undefined,
  };
}

/** Rebuilds an error: a device error of its own class and code, anything else an `Error` of its name. */
export function decodeError({ name, message, code, stack, cause }: EncodedError): Error {
  const options = cause === undefined ? undefined : { cause: decodeError(cause) };
  const Known = deviceErrors[name];
  const error =
    Known !== undefined && code !== undefined
      ? new Known(code as never, message, options)
      : Object.assign(new Error(message, options), code === undefined ? {} : { code });
  if (error.name !== name)
    Object.defineProperty(error, "name", { value: name, configurable: true });
  if (stack !== undefined) error.stack = stack;
  return error;
}

function describe(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return typeof thrown;
  }
}
