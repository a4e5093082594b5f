/** Which of our addresses to send from (RFC 6724, 5), as far as the rules can matter to a host. */

import { isSameAddress } from "../prefix.ts";
import { scopeOf } from "./address.ts";

/** One of our addresses. */
export interface SourceCandidate {
  /** 16 bytes. */
  readonly address: Uint8Array;
  /** Whether others may still find that it is theirs. */
  readonly isOptimistic: boolean;
  /** Whether it should not be used for anything new. */
  readonly isDeprecated: boolean;
}

/** The best candidate for `destination`; `undefined` only if there is none. */
export function selectSource<Candidate extends SourceCandidate>(
  candidates: Iterable<Candidate>,
  destination: Uint8Array,
): Candidate | undefined {
  let best: Candidate | undefined;
  for (const candidate of candidates) {
    if (best === undefined || isBetter(candidate, best, destination)) best = candidate;
  }
  return best;
}

/** Whether `a` is to be preferred to `b`: the first rule that tells them apart decides. */
function isBetter(a: SourceCandidate, b: SourceCandidate, destination: Uint8Array): boolean {
  // Rule 1: the same address.
  if (isSameAddress(a.address, destination)) return true;
  if (isSameAddress(b.address, destination)) return false;
  // Rule 2: the scope that just reaches.
  const [scopeA, scopeB] = [scopeOf(a.address), scopeOf(b.address)];
  const needed = scopeOf(destination);
  if (scopeA !== scopeB) return scopeA < scopeB ? scopeA >= needed : scopeB < needed;
  // Rule 3: neither deprecated nor optimistic (RFC 4429, 3.1).
  const [faultsA, faultsB] = [faultsOf(a), faultsOf(b)];
  if (faultsA !== faultsB) return faultsA < faultsB;
  // Rule 6: the label of the destination.
  const label = labelOf(destination);
  const matchA = labelOf(a.address) === label;
  if (matchA !== (labelOf(b.address) === label)) return matchA;
  // Rule 8: the longest prefix in common.
  return commonBits(a.address, destination) > commonBits(b.address, destination);
}

function faultsOf({ isDeprecated, isOptimistic }: SourceCandidate): number {
  return (isDeprecated ? 2 : 0) + (isOptimistic ? 1 : 0);
}

/** Labels of the default policy table that hosts still meet (RFC 6724, 2.1). */
function labelOf(address: Uint8Array): number {
  const [a = 0, b = 0, c = 0, d = 0] = address;
  if ((a & 0xfe) === 0xfc) return 13;
  if (a !== 0x20) return 1;
  if (b === 0x02) return 2;
  return b === 0x01 && c === 0 && d === 0 ? 5 : 1;
}

/** Bits in common from the left; the interface identifiers say nothing. */
function commonBits(a: Uint8Array, b: Uint8Array): number {
  for (let index = 0; index < 8; index += 1) {
    const difference = (a[index] ?? 0) ^ (b[index] ?? 0);
    if (difference !== 0) return 8 * index + Math.clz32(difference) - 24;
  }
  return 64;
}
