/**
 * Messages of NTP (RFC 5905, 7.3).
 *
 *      0                   1                   2                   3
 *      0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
 *     +---+-----+-----+---------------+---------------+---------------+
 *     |LI | VN  |Mode |    Stratum    |     Poll      |  Precision    |
 *     +---+-----+-----+---------------+---------------+---------------+
 *     |                         Root delay                            |
 *     +---------------------------------------------------------------+
 *     |                         Root dispersion                       |
 *     +---------------------------------------------------------------+
 *     |                         Reference ID                          |
 *     +---------------------------------------------------------------+
 *     |                     Reference timestamp (64)                  |
 *     +---------------------------------------------------------------+
 *     |                      Origin timestamp (64)                    |
 *     +---------------------------------------------------------------+
 *     |                      Receive timestamp (64)                   |
 *     +---------------------------------------------------------------+
 *     |                      Transmit timestamp (64)                  |
 *     +---------------------------------------------------------------+
 *
 * What may follow, extensions and a check by a key, is left out.
 */

const offset = {
  flags: 0,
  stratum: 1,
  poll: 2,
  precision: 3,
  rootDelay: 4,
  rootDispersion: 8,
  referenceId: 12,
  reference: 16,
  origin: 24,
  receive: 32,
  transmit: 40,
} as const;

/** Bytes of a message without what may follow. */
export const messageBytes = 48;

/** Who sends a message. */
export const mode = { client: 3, server: 4 } as const;

/** What is to come at the end of the day. */
export const leap = { none: 0, insert: 1, delete: 2, unknown: 3 } as const;

/** A message's fields, times as they are on the wire. */
export interface NtpPacket {
  /** See {@link leap}. */
  readonly leap: number;
  /** 0–7. */
  readonly version: number;
  /** 0–7; see {@link mode}. */
  readonly mode: number;
  /** How many servers are between this one and a clock: 1–15; 0 is a kiss of death (7.4). */
  readonly stratum: number;
  /** Between two messages, and how fine the clock is: logarithms to the base 2, in seconds. */
  readonly poll: number;
  readonly precision: number;
  /** Times to the clock and back, and how wrong it may be: seconds in units of 1/65,536. */
  readonly rootDelay: number;
  readonly rootDispersion: number;
  /** What the clock is; of a kiss, why: four letters. */
  readonly referenceId: number;
  /** When the clock was set, when the client sent, when we received and when we sent. */
  readonly reference: bigint;
  readonly origin: bigint;
  readonly receive: bigint;
  readonly transmit: bigint;
}

/** Reads a message; `undefined` if it is too short. */
export function decode(bytes: Uint8Array): NtpPacket | undefined {
  if (bytes.length < messageBytes) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const flags = view.getUint8(offset.flags);
  return {
    leap: flags >> 6,
    version: (flags >> 3) & 7,
    mode: flags & 7,
    stratum: view.getUint8(offset.stratum),
    poll: view.getInt8(offset.poll),
    precision: view.getInt8(offset.precision),
    rootDelay: view.getUint32(offset.rootDelay),
    rootDispersion: view.getUint32(offset.rootDispersion),
    referenceId: view.getUint32(offset.referenceId),
    reference: view.getBigUint64(offset.reference),
    origin: view.getBigUint64(offset.origin),
    receive: view.getBigUint64(offset.receive),
    transmit: view.getBigUint64(offset.transmit),
  };
}

/** Writes a message into `into` (*borrowed*), and returns its length. */
export function encode(packet: NtpPacket, into: Uint8Array): number {
  const view = new DataView(into.buffer, into.byteOffset);
  view.setUint8(offset.flags, (packet.leap << 6) | (packet.version << 3) | packet.mode);
  view.setUint8(offset.stratum, packet.stratum);
  view.setInt8(offset.poll, packet.poll);
  view.setInt8(offset.precision, packet.precision);
  view.setUint32(offset.rootDelay, packet.rootDelay);
  view.setUint32(offset.rootDispersion, packet.rootDispersion);
  view.setUint32(offset.referenceId, packet.referenceId);
  view.setBigUint64(offset.reference, packet.reference);
  view.setBigUint64(offset.origin, packet.origin);
  view.setBigUint64(offset.receive, packet.receive);
  view.setBigUint64(offset.transmit, packet.transmit);
  return messageBytes;
}

/** Four letters as a reference identifier. */
export function identifierOf(text: string): number {
  return Array.from({ length: 4 }, (_, index) => text.charCodeAt(index) & 0x7f).reduce(
    (value, byte) => ((value << 8) | byte) >>> 0,
    0,
  );
}

/** The letters of a reference identifier, as far as they can be shown. */
export function identifierText(identifier: number): string {
  const bytes = [24, 16, 8, 0].map((shift) => (identifier >>> shift) & 0xff);
  return bytes
    .map((byte) => (byte > 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ""))
    .join("");
}
