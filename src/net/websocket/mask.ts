/** Masking (RFC 6455, section 5.3): what is masked twice is as before. */

/** Below this many bytes, a view of their words costs more than it saves. */
const wordsFromBytes = 32;

/** A key as bytes and, in this machine's order, as a word. */
const keyBytes = new Uint8Array(4);
const keyWord = new Uint32Array(keyBytes.buffer);

/**
 * Masks or unmasks `bytes` in place. `key` is the four bytes of the key in network order; `phase`
 * is how many bytes of the payload came before these.
 */
export function applyMask(bytes: Uint8Array, key: number, phase: number = 0): void {
  const { byteOffset, length } = bytes;
  const isShort = length < wordsFromBytes;
  const head = isShort ? length : -byteOffset & 3;
  maskBytes(bytes, 0, head, key, phase);
  if (isShort) return;
  for (let index = 0; index < 4; index += 1) keyBytes[index] = keyByte(key, phase + head + index);
  const mask = keyWord[0] ?? 0;
  const words = new Uint32Array(bytes.buffer, byteOffset + head, (length - head) >>> 2);
  for (let index = 0; index < words.length; index += 1) words[index] = (words[index] ?? 0) ^ mask;
  maskBytes(bytes, head + words.length * 4, length, key, phase);
}

function maskBytes(bytes: Uint8Array, from: number, to: number, key: number, phase: number): void {
  for (let at = from; at < to; at += 1) bytes[at] = (bytes[at] ?? 0) ^ keyByte(key, phase + at);
}

function keyByte(key: number, index: number): number {
  return (key >>> (24 - 8 * (index & 3))) & 0xff;
}
