/**
 * Checks the number of a port.
 *
 * @throws {RangeError} if it is not a whole number from `least`, 0 by default, to 65,535
 */
export function checkPort(port: number, least: number = 0): void {
  if (Number.isInteger(port) && port >= least && port <= 0xffff) return;
  throw new RangeError(`Cannot use port ${port}: not a whole number from ${least} to 65535`);
}
