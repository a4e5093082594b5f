/** One exchange with a server, and what it says of our clock. */

import { leap, mode, type NtpPacket } from "./packet.ts";
import { differenceMs, timestampOf } from "./timestamp.ts";

/** What one exchange says. */
export interface Sample {
  /** How far our clock is behind the server's; negative if it is ahead. */
  readonly offsetMs: number;
  /** How long the messages were under way, there and back. */
  readonly delayMs: number;
  readonly packet: NtpPacket;
}

/** What an answer is: a sample, a kiss that says to stay away, a server without a time, or none. */
export type Verdict =
  | { readonly kind: "sample"; readonly sample: Sample }
  | { readonly kind: "kiss"; readonly code: number }
  | { readonly kind: "unset" | "stray" };

/** The longest that a server's own clock may be from the right time to be believed (RFC 5905, 11.1). */
const maxRootDistance = 16 * 65_536;

/**
 * Judges an answer (RFC 4330, 5; RFC 5905, 8): `cookie` is what we sent as our transmit timestamp,
 * `sentMs` our wall time then, `waitedMs` how long the answer took.
 */
export function judge(
  packet: NtpPacket,
  cookie: bigint,
  sentMs: number,
  waitedMs: number,
): Verdict {
  // Only who has seen our message knows what was in it.
  if (packet.mode !== mode.server || packet.origin !== cookie) return { kind: "stray" };
  if (packet.stratum === 0) return { kind: "kiss", code: packet.referenceId };
  const isSet =
    packet.leap !== leap.unknown &&
    packet.stratum < 16 &&
    packet.transmit !== 0n &&
    packet.receive !== 0n &&
    packet.rootDelay / 2 + packet.rootDispersion < maxRootDistance;
  const heldMs = differenceMs(packet.transmit, packet.receive);
  // A server that says it took longer than we waited has set its clock meanwhile.
  if (!isSet || heldMs < 0 || heldMs > waitedMs + 1000) return { kind: "unset" };
  const there = differenceMs(packet.receive, timestampOf(sentMs));
  const back = differenceMs(packet.transmit, timestampOf(sentMs + waitedMs));
  const delayMs = Math.max(0, waitedMs - heldMs);
  return { kind: "sample", sample: { offsetMs: (there + back) / 2, delayMs, packet } };
}
