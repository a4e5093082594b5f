/** Dates of HTTP (RFC 9110, 5.6.7), to the second. */

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec";

/** `Sun, 06 Nov 1994 08:49:37 GMT`: the form that is sent. */
const fixed = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), (\d\d) (\w{3}) (\d{4}) (\d\d:\d\d:\d\d) GMT$/;

/** `Sunday, 06-Nov-94 08:49:37 GMT`: the form of RFC 850. */
const rfc850 =
  /^(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day, (\d\d)-(\w{3})-(\d\d) (\d\d:\d\d:\d\d) GMT$/;

/** `Sun Nov  6 08:49:37 1994`: what C's `asctime()` writes. */
const asctime = /^(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) (\w{3}) ([ \d]\d) (\d\d:\d\d:\d\d) (\d{4})$/;

/** Writes wall time in milliseconds as a date, without the fraction of its second. */
export function formatDate(wallMs: number): string {
  return new Date(wallMs).toUTCString();
}

/**
 * Reads a date in any of the three forms; `undefined` if it is none. Two digits of a year are
 * those of the last such year that is at most 50 years after `nowMs`.
 */
export function parseDate(text: string, nowMs: number): number | undefined {
  const [, day, month, year, time] = fixed.exec(text) ?? [];
  if (day !== undefined) return timeOf(Number(year), month, day, time);
  const [, oldDay, oldMonth, digits, oldTime] = rfc850.exec(text) ?? [];
  if (oldDay !== undefined)
    return timeOf(fullYear(Number(digits), nowMs), oldMonth, oldDay, oldTime);
  const [, cMonth, cDay, cTime, cYear] = asctime.exec(text) ?? [];
  return cDay === undefined ? undefined : timeOf(Number(cYear), cMonth, cDay, cTime);
}

function fullYear(digits: number, nowMs: number): number {
  const now = new Date(nowMs).getUTCFullYear();
  const year = now - (now % 100) + digits;
  return year > now + 50 ? year - 100 : year;
}

function timeOf(
  year: number,
  month: string = "",
  day: string = "",
  time: string = "",
): number | undefined {
  const index = months.split(" ").indexOf(month);
  const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
  // A leap second is a valid one (RFC 9110, 5.6.7), and the first of the next minute here.
  if (index < 0 || hours > 23 || minutes > 59 || seconds > 60) return undefined;
  const wallMs = Date.UTC(year, index, Number(day), hours, minutes, seconds);
  return new Date(Date.UTC(year, index, Number(day))).getUTCMonth() === index && Number(day) > 0
    ? wallMs
    : undefined;
}
