/**
 * SHA-1 (RFC 3174), for the key of a handshake alone: it is broken, and nothing secret may depend
 * on it. `crypto.subtle` has it too, but is no portable global, and a promise for 60 bytes.
 */

const blockBytes = 64;

/** The digest of `message` (*borrowed*, shorter than 2^29 bytes): 20 bytes, *fresh*. */
export function sha1(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((message.length + 9) / blockBytes) * blockBytes);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setUint32(padded.length - 4, message.length * 8);
  const state = Uint32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0);
  for (let at = 0; at < padded.length; at += blockBytes) addBlock(state, view, at);
  const digest = new DataView(new ArrayBuffer(20));
  for (const [index, word] of state.entries()) digest.setUint32(4 * index, word);
  return new Uint8Array(digest.buffer);
}

function addBlock(state: Uint32Array, view: DataView, start: number): void {
  const words = new Uint32Array(80);
  let [a = 0, b = 0, c = 0, d = 0, e = 0] = state;
  for (let t = 0; t < 80; t += 1) {
    words[t] = t < 16 ? view.getUint32(start + 4 * t) : rotate(mix(words, t), 1);
    const next = rotate(a, 5) + roundOf(t, b, c, d) + e + (words[t] ?? 0);
    e = d;
    d = c;
    c = rotate(b, 30);
    b = a;
    a = next >>> 0;
  }
  for (const [index, word] of [a, b, c, d, e].entries()) {
    state[index] = (state[index] ?? 0) + word;
  }
}

function mix(words: Uint32Array, t: number): number {
  return (words[t - 3] ?? 0) ^ (words[t - 8] ?? 0) ^ (words[t - 14] ?? 0) ^ (words[t - 16] ?? 0);
}

/** The function and the constant of a step (RFC 3174, section 5). */
function roundOf(t: number, b: number, c: number, d: number): number {
  if (t < 20) return ((b & c) | (~b & d)) + 0x5a827999;
  if (t < 40) return (b ^ c ^ d) + 0x6ed9eba1;
  if (t < 60) return ((b & c) | (b & d) | (c & d)) + 0x8f1bbcdc;
  return (b ^ c ^ d) + 0xca62c1d6;
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}
