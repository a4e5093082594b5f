/** Which bytes may stand where (RFC 9110, 5.5 and 5.6.2), and text of bytes. */

/** Named bytes. */
export const byte = {
  tab: 9,
  lf: 10,
  cr: 13,
  space: 32,
  comma: 44,
  colon: 58,
  semicolon: 59,
} as const;

/** By byte, 1 if it may be part of a token. */
export const isTokenByte: Uint8Array = new Uint8Array(256);

/** By byte, 1 if it may be part of a field's value: no control but HTAB; above 0x7f is opaque. */
export const isValueByte: Uint8Array = new Uint8Array(256);

for (let code = 0; code < 256; code += 1) {
  if (code >= 0x20 && code !== 0x7f) isValueByte[code] = 1;
  if (code < 0x80 && /[\w!#$%&'*+.^`|~-]/.test(String.fromCharCode(code))) isTokenByte[code] = 1;
}
isValueByte[byte.tab] = 1;

/** Bytes that one call makes text of, so that its arguments fit the engine's stack. */
const spanBytes = 4096;

/** The text of bytes from `start` to `end`, one code unit for each (ISO 8859-1). */
export function textOf(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  for (let at = start; at < end; at += spanBytes) {
    const span = bytes.subarray(at, Math.min(end, at + spanBytes));
    text += String.fromCharCode.apply(undefined, span as unknown as number[]);
  }
  return text;
}

/** Whether `name`, in lower case, is what bytes from `start` to `end` spell in any case. */
export function isSpelled(bytes: Uint8Array, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let index = 0; index < name.length; index += 1) {
    const code = bytes[start + index] ?? 0;
    const lower = code >= 0x41 && code <= 0x5a ? code + 0x20 : code;
    if (lower !== name.charCodeAt(index)) return false;
  }
  return true;
}
