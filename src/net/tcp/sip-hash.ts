/**
 * SipHash-2-4, a keyed hash of short messages that cannot be predicted without its key
 * (Aumasson and Bernstein, 2012), on 32-bit halves of its 64-bit words.
 */

/** The state: four 64-bit words, each the low half and then the high half. */
const state = new Uint32Array(8);

const v0 = 0;
const v1 = 2;
const v2 = 4;
const v3 = 6;

/**
 * Hashes `message` under `key`, which is 128 bits as four words, the lowest first. Writes the
 * hash's low and high word into `into` and returns the low one. All three are *borrowed*.
 */
export function sipHash(key: Uint32Array, message: Uint8Array, into: Uint32Array): number {
  for (let index = 0; index < 4; index += 1) {
    state[index] = key[index] ?? 0;
    state[index + 4] = key[index] ?? 0;
  }
  // The constants spell "somepseudorandomlygeneratedbytes".
  flip(v0, 0x736f_6d65, 0x7073_6575);
  flip(v1, 0x646f_7261, 0x6e64_6f6d);
  flip(v2, 0x6c79_6765, 0x6e65_7261);
  flip(v3, 0x7465_6462, 0x7974_6573);
  const { length } = message;
  let at = 0;
  for (; at + 8 <= length; at += 8) absorb(word(message, at), word(message, at + 4));
  absorb(word(message, at), word(message, at + 4) | (length << 24));
  flip(v2, 0, 0xff);
  mix(4);
  for (let half = 0; half < 2; half += 1) {
    into[half] = get(v0 + half) ^ get(v1 + half) ^ get(v2 + half) ^ get(v3 + half);
  }
  return into[0] ?? 0;
}

function absorb(low: number, high: number): void {
  flip(v3, high, low);
  mix(2);
  flip(v0, high, low);
}

/** The little-endian word at an offset; 0 for what is beyond the message. */
function word(bytes: Uint8Array, at: number): number {
  return (
    (bytes[at] ?? 0) |
    ((bytes[at + 1] ?? 0) << 8) |
    ((bytes[at + 2] ?? 0) << 16) |
    ((bytes[at + 3] ?? 0) << 24)
  );
}

function mix(rounds: number): void {
  for (let round = 0; round < rounds; round += 1) {
    addAndRotate(v0, v1, 13);
    swapHalves(v0);
    addAndRotate(v2, v3, 16);
    addAndRotate(v0, v3, 21);
    addAndRotate(v2, v1, 17);
    swapHalves(v2);
  }
}

/** `sum += other; other = (other <<< bits) ^ sum`, of 64-bit words. */
function addAndRotate(sum: number, other: number, bits: number): void {
  const low = get(other);
  const high = get(other + 1);
  const lowSum = get(sum) + low;
  state[sum] = lowSum;
  state[sum + 1] = get(sum + 1) + high + (lowSum > 0xffff_ffff ? 1 : 0);
  state[other] = (low << bits) | (high >>> (32 - bits));
  state[other + 1] = (high << bits) | (low >>> (32 - bits));
  flip(other, get(sum + 1), get(sum));
}

function swapHalves(at: number): void {
  const low = get(at);
  state[at] = get(at + 1);
  state[at + 1] = low;
}

function flip(at: number, high: number, low: number): void {
  state[at] = get(at) ^ low;
  state[at + 1] = get(at + 1) ^ high;
}

function get(at: number): number {
  return state[at] ?? 0;
}
