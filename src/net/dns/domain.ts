/**
 * Domain names as servers handle them: any bytes, case kept. Their text is that of
 * {@link decodeName}: letters, digits, `-` and `_` as they are, every other byte as `\` and three
 * digits, labels with dots between them, the root as the empty text. A dot in this text is always
 * the end of a label.
 */

import { decodeName } from "./name.ts";

/** The label that stands for all (RFC 4592), as it is in such names. */
export const asterisk = "\\042";

const keptTexts: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  return /[\w-]/.test(char) ? char : `\\${String(byte).padStart(3, "0")}`;
});

/** Reads the name at `at` of a message as {@link decodeName} does, but with case kept. */
export const readName: typeof decodeName = (message, at) => decodeName(message, at, keptTexts);

/** The labels of a name, the deepest first. */
export function labelsOf(name: string): readonly string[] {
  return name === "" ? [] : name.split(".");
}

/** What stands above a name; the root above the root. */
export function parentOf(name: string): string {
  const dot = name.indexOf(".");
  return dot === -1 ? "" : name.slice(dot + 1);
}

/** Puts a label, or a name, below another. */
export function below(name: string, origin: string): string {
  if (name === "") return origin;
  return origin === "" ? name : `${name}.${origin}`;
}

/** How names compare: without regard to case (RFC 4343). */
export function keyOf(name: string): string {
  return name.toLowerCase();
}

/** Whether a name is another or below it; both as {@link keyOf} gives them. */
export function isWithin(name: string, ancestor: string): boolean {
  return ancestor === "" || name === ancestor || name.endsWith(`.${ancestor}`);
}

/** Whether two names are the same. */
export function isSameName(one: string, other: string): boolean {
  return keyOf(one) === keyOf(other);
}

/** The bytes of a label. */
export function labelBytes(label: string): Uint8Array {
  const chars = label.replaceAll(/\\(\d{3})/g, (_, digits) => String.fromCharCode(Number(digits)));
  return Uint8Array.from(chars, (char) => char.charCodeAt(0));
}

/** Writes bytes as a label; the longest has 63. */
export function labelOf(bytes: Uint8Array): string {
  let label = "";
  for (const byte of bytes) label += keptTexts[byte];
  return label;
}

/** Bytes that {@link writeName} writes. */
export function wireBytes(name: string): number {
  return name === "" ? 1 : name.replaceAll(/\\\d{3}/g, "_").length + 2;
}

/** Writes a name without compression into `into` (*borrowed*) at `at`; returns where it ends. */
export function writeName(name: string, into: Uint8Array, at: number): number {
  let end = at;
  for (const label of labelsOf(name)) {
    const bytes = labelBytes(label);
    into[end] = bytes.length;
    into.set(bytes, end + 1);
    end += 1 + bytes.length;
  }
  into[end] = 0;
  return end + 1;
}

/**
 * Reads a name as people write it (RFC 1035, 5.1): `\` takes the meaning from the character after
 * it, and before three digits is the byte of that number; without a dot at its end it is below
 * `origin`. Characters beyond ASCII are their bytes in UTF-8. Gives the name, or why it is none.
 */
export function parseName(text: string, origin: string): { name: string } | { fault: string } {
  if (text === ".") return { name: "" };
  const labels: string[] = [];
  let bytes: number[] = [];
  const unescaped = unescape(text);
  if (unescaped === undefined) return { fault: "an escape is \\ and a character or three digits" };
  const isWhole = unescaped.at(-1) === dot;
  for (const byte of isWhole ? unescaped : [...unescaped, dot]) {
    if (byte !== dot) {
      bytes.push(byte & 0xff);
      continue;
    }
    if (bytes.length === 0) return { fault: "a label is empty" };
    if (bytes.length > 63) return { fault: "a label is longer than 63 bytes" };
    labels.push(labelOf(Uint8Array.from(bytes)));
    bytes = [];
  }
  const name = below(labels.join("."), isWhole ? "" : origin);
  return wireBytes(name) > 255 ? { fault: "it is longer than 255 bytes" } : { name };
}

/** Marks the end of a label; an escaped dot is a byte like others. */
const dot = 0x100;

/** The bytes of a text with escapes, where {@link dot} stands for dots that end labels. */
function unescape(text: string): readonly number[] | undefined {
  const codes: number[] = [];
  const encoder = new TextEncoder();
  const parts = text.matchAll(/\\(\d{3})|\\([^\d])|(\.)|([^\\.]+)|(\\)/gsu);
  for (const [, digits, escaped, end, plain, wrong] of parts) {
    if (wrong !== undefined || Number(digits ?? 0) > 255) return undefined;
    if (digits !== undefined) codes.push(Number(digits));
    else if (end !== undefined) codes.push(dot);
    else for (const byte of encoder.encode(escaped ?? plain)) codes.push(byte);
  }
  return codes;
}

/** The bytes of a character string with escapes (RFC 1035, 5.1), or `undefined`. */
export function parseText(text: string): Uint8Array | undefined {
  const codes = unescape(text);
  return codes && Uint8Array.from(codes, (code) => (code === dot ? 0x2e : code));
}

/** Writes a name with a dot at its end, and special characters escaped as in zone files. */
export function formatName(name: string): string {
  return name === "" ? "." : `${formatLabels(name)}.`;
}

/** Writes labels without a dot at the end. */
export function formatLabels(name: string): string {
  return name.replaceAll(asterisk, "*");
}
