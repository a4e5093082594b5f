/**
 * Exit codes that Morgana gives; a unikernel's own are whatever `start` returns. Constants, not an
 * object, so that a bundle holds the numbers and nothing else.
 */

/** `start` returned, or stopped because it was asked to. */
export const returned = 0;

/** `--help` was asked for. */
export const help = 63;

/** The arguments are not what the unikernel declares. */
export const badArguments = 64;

/** It did not stop when halted, and was terminated (128 + SIGKILL, as in a shell). */
export const terminated = 137;

/** Nobody reads its output any more, and that ended it (128 + SIGPIPE, as in a shell). */
export const brokenPipe = 141;

/** An error that nobody caught. */
export const uncaught = 255;
