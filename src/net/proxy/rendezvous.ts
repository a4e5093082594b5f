/**
 * Rendezvous hashing: each client has a score with each server, and goes to the one with the highest.
 * When a server goes, only its own clients go elsewhere.
 */

const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;

/** The score of a client with a server, an unsigned number of 32 bits. */
export function scoreOf(client: string, server: string): number {
  let hash = offsetBasis;
  const text = `${client} ${server}`;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), prime);
  }
  // FNV-1a alone leaves the last character in the low bits: these must decide nothing.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
