/**
 * Timestamps of NTP (RFC 5905, 6): seconds since 1900 and their fraction, 32 bits each, which begin
 * anew in 2036 and every 136 years. Only differences of two are ever taken, so that nobody has to
 * know the era: they are right for clocks that are less than 68 years apart.
 */

/** From 1900 to 1970, in seconds. */
const unixEpochSeconds = 2_208_988_800n;

const unitsInSecond = 2 ** 32;

/** The timestamp of a wall time in milliseconds. */
export function timestampOf(wallMs: number): bigint {
  const seconds = Math.floor(wallMs / 1000);
  const fraction = Math.floor(((wallMs - seconds * 1000) / 1000) * unitsInSecond);
  return BigInt.asUintN(64, ((BigInt(seconds) + unixEpochSeconds) << 32n) + BigInt(fraction));
}

/** How much later `a` is than `b`, in milliseconds; negative if it is earlier. */
export function differenceMs(a: bigint, b: bigint): number {
  return (Number(BigInt.asIntN(64, a - b)) / unitsInSecond) * 1000;
}
