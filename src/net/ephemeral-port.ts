import type { Random } from "../devices/index.ts";

/** Ports that are picked for those who ask for none in particular: the upper half. */
const firstPort = 32_768;
const portCount = 32_768;

/**
 * Picks a port that is not taken, at random, so that a stranger cannot guess it; `undefined` if all
 * are taken.
 *
 * @see RFC 6056, 3.3.1
 */
export function ephemeralPort(
  random: Random,
  isTaken: (port: number) => boolean,
): number | undefined {
  const start = random.uint32();
  for (let count = 0; count < portCount; count += 1) {
    const port = firstPort + ((start + count) % portCount);
    if (!isTaken(port)) return port;
  }
  return undefined;
}
