/** Listening ports: connections that others open, and what protects them from floods of SYNs. */

import type { Endpoint, Random, TcpFlow, TcpListener, TcpOptions } from "../../devices/index.ts";
import { formatAddress } from "../address.ts";
import { isSameAddress } from "../prefix.ts";
import type { Connection, ConnectionLayer } from "./connection.ts";
import type { ConnectionEnds } from "./connection-table.ts";
import { answer, resume } from "./opens.ts";
import { emptySegment, flag, type TcpHeader, type TcpSegment } from "./packet.ts";
import { add } from "./sequence.ts";
import { SynCookies } from "./syn-cookie.ts";

/** Is given each connection, which it owns. */
export type Accept = (flow: TcpFlow) => void | Promise<void>;

/** Connections that a listener remembers before they are established. */
const defaultBacklog = 256;

/** For so long after the backlog was full, an ACK may answer a cookie. */
const cookieLifetimeMs = 120_000;

/** What a listener needs of its layer. */
export interface ListenerLayer extends ConnectionLayer {
  makePassive(ends: ConnectionEnds, options: TcpOptions, nowMs: number, iss?: number): Connection;
  sendBare(ends: ConnectionEnds, header: TcpHeader): void;
  accepted(connection: Connection, accept: Accept): void;
}

/** How a listener is made. */
export interface ListenerParts {
  /** Our address, or `undefined` for all of ours. */
  readonly address: Uint8Array | undefined;
  readonly port: number;
  readonly accept: Accept;
  readonly options: TcpOptions & { readonly backlog?: number };
  readonly layer: ListenerLayer;
  readonly random: Random;
  readonly dispose: () => void;
}

/** A connection in LISTEN (RFC 9293, 3.10.7.2). */
export class Listener implements TcpListener {
  readonly local: Endpoint;
  readonly address: Uint8Array | undefined;
  readonly options: TcpOptions;
  readonly counters = { accepted: 0, halfOpen: 0 };
  /** Connections that are not established yet. */
  readonly halfOpen: Set<Connection> = new Set();
  readonly #parts: ListenerParts;
  readonly #backlog: number;
  #cookies: SynCookies | undefined;
  #cookieMs = -Infinity;

  constructor(parts: ListenerParts) {
    this.#parts = parts;
    this.address = parts.address;
    this.options = parts.options;
    this.#backlog = parts.options.backlog ?? defaultBacklog;
    const address = parts.address === undefined ? "::" : formatAddress(parts.address);
    this.local = { address, port: parts.port };
  }

  /**
   * Handles a segment for which there is no connection. Gives the one that it makes, with an initial
   * sequence number that may be given.
   */
  receive(
    ends: ConnectionEnds,
    segment: TcpSegment,
    nowMs: number,
    iss?: number,
  ): Connection | undefined {
    const { flags } = segment;
    if ((flags & flag.rst) !== 0) return undefined;
    if ((flags & flag.ack) !== 0) return this.#acknowledged(ends, segment, nowMs);
    if ((flags & flag.syn) === 0) return undefined;
    if (this.counters.halfOpen >= this.#backlog) {
      this.#sendCookie(ends, segment, nowMs);
      return undefined;
    }
    const connection = this.#make(ends, nowMs, iss);
    answer(connection, segment, nowMs);
    return connection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#parts.dispose();
  }

  #make(ends: ConnectionEnds, nowMs: number, iss?: number): Connection {
    const { layer, options, accept } = this.#parts;
    const connection = layer.makePassive(ends, ends.options ?? options, nowMs, iss);
    const forget = (): void => {
      this.halfOpen.delete(connection);
      this.counters.halfOpen = this.halfOpen.size;
    };
    this.halfOpen.add(connection);
    this.counters.halfOpen = this.halfOpen.size;
    connection.user = {
      established: () => {
        forget();
        this.counters.accepted += 1;
        layer.accepted(connection, accept);
      },
      hasInput() {},
      hasRoom() {},
      ended: forget,
    };
    return connection;
  }

  /** Answers a SYN without remembering it: what has to be known later is in the answer. */
  #sendCookie(ends: ConnectionEnds, segment: TcpSegment, nowMs: number): void {
    const { layer, random } = this.#parts;
    this.#cookies ??= new SynCookies(random);
    this.#cookieMs = nowMs;
    layer.counters.backlogFull += 1;
    const { local, localPort, remote, remotePort } = ends;
    const header = emptySegment(localPort, remotePort);
    header.flags = flag.syn | flag.ack;
    header.acknowledgmentNumber = add(segment.sequenceNumber, 1);
    header.sequenceNumber = this.#cookies.make(
      local,
      localPort,
      remote,
      remotePort,
      segment.sequenceNumber,
      segment.maximumSegmentSize || 536,
      nowMs,
    );
    header.windowField = 0xffff;
    header.maximumSegmentSize = layer.segmentBytes(ends).plain;
    layer.sendBare(ends, header);
  }

  /** An ACK that answers a cookie makes a connection; any other is refused. */
  #acknowledged(ends: ConnectionEnds, segment: TcpSegment, nowMs: number): Connection | undefined {
    const { layer } = this.#parts;
    const { local, localPort, remote, remotePort } = ends;
    const iss = add(segment.acknowledgmentNumber, -1);
    const irs = add(segment.sequenceNumber, -1);
    const segmentBytes =
      nowMs - this.#cookieMs > cookieLifetimeMs || (segment.flags & flag.syn) !== 0
        ? undefined
        : this.#cookies?.check(local, localPort, remote, remotePort, irs, iss, nowMs);
    if (segmentBytes === undefined) {
      layer.reject(ends, segment);
      return undefined;
    }
    layer.counters.synCookies += 1;
    const connection = this.#make(ends, nowMs, iss);
    resume(connection, segment, segmentBytes, nowMs);
    return connection;
  }
}

/** Who listens where. */
export class PortTable {
  readonly #listeners = new Map<number, Listener[]>();

  /** The listener for a port: one at this very address, or at all. */
  find(port: number, address: Uint8Array): Listener | undefined {
    const listeners = this.#listeners.get(port);
    return (
      listeners?.find(
        (each) => each.address !== undefined && isSameAddress(each.address, address),
      ) ?? listeners?.find((each) => each.address === undefined)
    );
  }

  /** Whether a listener at `address`, or at all, would be in the way of another. */
  isTaken(port: number, address: Uint8Array | undefined): boolean {
    const listeners = this.#listeners.get(port) ?? [];
    return listeners.some(
      (each) =>
        each.address === undefined || address === undefined || isSameAddress(each.address, address),
    );
  }

  add(listener: Listener): void {
    const { port } = listener.local;
    this.#listeners.set(port, [...(this.#listeners.get(port) ?? []), listener]);
  }

  remove(listener: Listener): void {
    const { port } = listener.local;
    const left = (this.#listeners.get(port) ?? []).filter((each) => each !== listener);
    if (left.length === 0) this.#listeners.delete(port);
    else this.#listeners.set(port, left);
  }

  clear(): void {
    this.#listeners.clear();
  }
}
