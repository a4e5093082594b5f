/** Command lines in places that hold text: an attribute, a page's URL. */

/**
 * Splits an `args` attribute into words, as a shell does: blanks separate, quotes of either kind
 * keep blanks and are dropped. A quote that nothing closes stands for itself.
 */
export function splitWords(text: string): readonly string[] {
  const words = text.match(/(?:[^\s"']|"[^"]*"|'[^']*'|["'])+/g) ?? [];
  return words.map((word) => word.replaceAll(/"([^"]*)"|'([^']*)'/g, "$1$2"));
}

/** Writes words as an `args` attribute that {@link splitWords} reads back. */
export function joinWords(words: readonly string[]): string {
  return words.map((word) => `"${word.replaceAll('"', `"'"'"`)}"`).join(" ");
}

/** Reads a page's query as a command line: `?port=7&verbose` is `--port=7 --verbose`. */
export function wordsOfQuery(query: string): readonly string[] {
  return query
    .replace(/^\?/, "")
    .split("&")
    .filter((part) => part !== "")
    .map((part) => `--${decode(part)}`);
}

/** Writes a form's values as a page's query. */
export function queryOf(values: ReadonlyMap<string, string>): string {
  const parts = [...values].map(
    ([flag, value]) =>
      `${encodeURIComponent(flag.replace(/^--/, ""))}=${encodeURIComponent(value)}`,
  );
  return parts.length === 0 ? "" : `?${parts.join("&")}`;
}

function decode(part: string): string {
  const text = part.replaceAll("+", " ");
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
