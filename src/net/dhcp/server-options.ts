/**
 * Numbers of options that only a server has a use for (RFC 2132; RFC 3046): a client does not pay
 * for them.
 */
export const serverOption = {
  broadcastAddress: 28,
  ntpServers: 42,
  /** Why something is refused, as text. */
  message: 56,
  /** The longest message that the client takes. */
  maxMessageBytes: 57,
  /** What a relay agent says, to be sent back to it. */
  relayAgent: 82,
} as const;
