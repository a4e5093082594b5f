/** Passwords and tokens, of which the store has hashes only. */

import { scrypt } from "@noble/hashes/scrypt.js";
import { sha256 } from "@noble/hashes/sha2.js";
import type { Random } from "fata-morgana/devices";

/** What is kept of a password. */
export interface PasswordHash {
  /** Scrypt's N is two to this power; its r is 8 and its p is 1 (RFC 7914). */
  readonly cost: number;
  readonly salt: string;
  readonly hash: string;
}

/** Hashes a password. This takes all of the thread, on purpose, for as long as `cost` says. */
export function hashPassword(password: string, cost: number, random: Random): PasswordHash {
  const salt = toHex(random.fill(new Uint8Array(16)));
  return { cost, salt, hash: derive(password, salt, cost) };
}

/** Tells whether it is this password. Without one to compare with, it takes as long to say no. */
export function isPassword(
  password: string,
  known: PasswordHash | undefined,
  cost: number,
): boolean {
  const { salt, hash } = known ?? { salt: "", hash: "" };
  return isSame(derive(password, salt, known?.cost ?? cost), hash);
}

/** A secret that nobody can guess. */
export function newSecret(random: Random): string {
  return toHex(random.fill(new Uint8Array(32)));
}

/** What is kept of a secret. It needs no salt: no two are the same. */
export function hashSecret(secret: string): string {
  return toHex(sha256(new TextEncoder().encode(secret)));
}

function derive(password: string, salt: string, cost: number): string {
  // What looks the same is the same password, whichever keyboard it was typed on.
  const options = { N: 2 ** cost, r: 8, p: 1, dkLen: 32 };
  return toHex(scrypt(password.normalize("NFKC"), salt, options));
}

/** Takes the same time wherever they differ. */
function isSame(one: string, other: string): boolean {
  let difference = one.length ^ other.length;
  for (let index = 0; index < one.length; index += 1) {
    difference |= one.charCodeAt(index) ^ other.charCodeAt(index % Math.max(1, other.length));
  }
  return difference === 0;
}

function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
