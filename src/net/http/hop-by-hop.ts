/** Fields that are of one connection, and no business of the next one. */

/** Always, whether `Connection` names them or not, in lower case (RFC 9110, 7.6.1 and 11.7). */
export const hopByHopFields: ReadonlySet<string> = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/**
 * The fields of a message that go on with it, names in lower case: not those that are always of one
 * connection, nor those that its `Connection` names.
 */
export function* endToEndFields(headers: Headers): Generator<[name: string, value: string]> {
  const named = new Set(optionsIn(headers.get("connection")));
  for (const [name, value] of headers) {
    if (!hopByHopFields.has(name) && !named.has(name)) yield [name, value];
  }
}

/** The elements of a list of tokens, in lower case. */
export function optionsIn(list: string | null): string[] {
  if (list === null) return [];
  return list.split(",").map((option) => option.trim().toLowerCase());
}
