/** Which content coding a client would rather have (RFC 9110, 12.5.3). */

/** At most so many codings are looked at. */
const maxCodingCount = 16;

/**
 * Sorts the codings of `offered` (its keys, the best first, without `identity`) by what
 * `Accept-Encoding` says, and leaves out what it does not accept or likes less than no coding.
 */
export function acceptedCodings<Coding extends string>(
  field: string | null,
  offered: Readonly<Record<Coding, unknown>>,
): Coding[] {
  if (field === null) return [];
  const weights = weightsIn(field);
  const others = weights.get("*");
  const weightOf = (coding: string): number => weights.get(coding) ?? others ?? 0;
  const identity = weights.get("identity") ?? 0;
  return (Object.keys(offered) as Coding[])
    .filter((coding) => weightOf(coding) > 0 && weightOf(coding) >= identity)
    .toSorted((one, other) => weightOf(other) - weightOf(one));
}

function weightsIn(field: string): ReadonlyMap<string, number> {
  const weights = new Map<string, number>();
  for (const element of field.split(",", maxCodingCount)) {
    const [, name = "", weight] =
      /^\s*([^\s;]+)\s*(?:;\s*q=([01](?:\.\d{0,3})?)\s*)?$/i.exec(element) ?? [];
    if (name === "") continue;
    // `x-gzip` is another name of it (RFC 9110, 8.4.1.3).
    weights.set(name.toLowerCase().replace(/^x-gzip$/, "gzip"), Number(weight ?? 1));
  }
  return weights;
}
