/**
 * Errors across a thread. Structured clone drops an error's class, name and code, so that it
 * travels as plain data and is rebuilt on the other side.
 */

import { deviceErrors } from "../devices/errors.ts";

/** An error as it travels. */
export interface EncodedError {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
  readonly stack?: string | undefined;
  readonly cause?: EncodedError | undefined;
}

/** Causes of causes are followed this far. */
const maxDepth = 8;

/** Makes plain data of whatever was thrown. */
export function encodeError(thrown: unknown, depth = 0): EncodedError {
  if (!(thrown instanceof Error)) {
    const message = `Something that is not an Error was thrown: ${describe(thrown)}`;
    return { name: "Error", message };
  }
  const { name, message, code, stack, cause } = thrown as Error & { readonly code?: unknown };
  return {
    name,
    message,
    code: typeof code === "string" ? code : undefined,
    stack,
    cause: cause === undefined || depth === maxDepth ? undefined : encodeError(cause, depth + 1),
  };
}

/**
 * Rebuilds an error: a device error of its own class and code, anything else an `Error` of its
 * name. Its stack is the one that it travelled with, never this thread's.
 */
export function decodeError({ name, message, code, stack, cause }: EncodedError): Error {
  const options = cause === undefined ? undefined : { cause: decodeError(cause) };
  const Known = Object.hasOwn(deviceErrors, name) ? deviceErrors[name] : undefined;
  const error =
    Known !== undefined && code !== undefined
      ? new Known(code as never, message, options)
      : Object.assign(new Error(message, options), code === undefined ? {} : { code });
  if (error.name !== name) {
    Object.defineProperty(error, "name", { value: name, configurable: true });
  }
  error.stack = stack ?? `${name}: ${message}`;
  return error;
}

function describe(thrown: unknown): string {
  try {
    return String(thrown);
  } catch {
    return typeof thrown;
  }
}
