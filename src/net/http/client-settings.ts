/** What a client does when nobody says otherwise. */

/** Bounds and times of a client. */
export interface ClientSettings {
  /** Connections to one origin at a time. */
  readonly originConnections: number;
  /** Connections at a time. */
  readonly connections: number;
  /** Requests that may wait for a connection at a time. */
  readonly waitingRequests: number;
  /** How long an unused connection is kept, in milliseconds. */
  readonly idleTimeoutMs: number;
  /** How long a request may wait until it has a connection, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** How long the server's host may leave what was sent unacknowledged, in milliseconds. */
  readonly userTimeoutMs: number;
  /**
   * How long the head of a response may take, in milliseconds: from the whole request on, or from
   * its head where the body is sent piece by piece.
   */
  readonly headTimeoutMs: number;
  /** The longest time without a byte of a body, in milliseconds, while somebody reads it. */
  readonly bodyTimeoutMs: number;
  /**
   * How long to wait for the server's consent before a body that is not small is sent, in
   * milliseconds (RFC 9110, 10.1.1); 0 does not ask.
   */
  readonly continueTimeoutMs: number;
  /** Bytes of the first line of a response, and of a line of its head. */
  readonly lineBytes: number;
  /** Bytes of all lines of a head, and of the trailers of a body. */
  readonly fieldBytes: number;
  /** Lines of a head. */
  readonly fieldCount: number;
  /** Bytes that `text()`, `json()` and the like collect of a body; a stream has no bound. */
  readonly wholeBytes: number;
  /** Whether to accept compressed bodies, where the platform can take that off. */
  readonly decompress: boolean;
}

/** What a client does when nobody says otherwise. */
export const defaultClientSettings: ClientSettings = {
  originConnections: 32,
  connections: 256,
  waitingRequests: 1024,
  idleTimeoutMs: 15_000,
  connectTimeoutMs: 30_000,
  userTimeoutMs: 30_000,
  headTimeoutMs: 60_000,
  bodyTimeoutMs: 60_000,
  continueTimeoutMs: 0,
  lineBytes: 8192,
  fieldBytes: 65_536,
  fieldCount: 256,
  wholeBytes: 2 ** 28,
  decompress: true,
};
