/**
 * The TCP layer: ports, connections and listeners over both versions of IP. What one connection
 * does is in {@link ./connection.ts}.
 */

import { ProtocolError, type ProtocolErrorCode } from "../../devices/errors.ts";
import type {
  Endpoint,
  Random,
  ReceivedPacket,
  Tcp,
  TcpFlow,
  TcpListener,
  TcpOptions,
} from "../../devices/index.ts";
import { parseAddress } from "../address.ts";
import { checkPort } from "../check-port.ts";
import { addRange, finish, pseudoHeaderSum } from "../checksum.ts";
import { ephemeralPort } from "../ephemeral-port.ts";
import { isOurs } from "../internet.ts";
import { type Timers, timersOf } from "../timers.ts";
import { TokenBucket } from "../token-bucket.ts";
import { checkOptions } from "./check-options.ts";
import { becomeEstablished } from "./connecting.ts";
import { Connection, type ConnectionLayer } from "./connection.ts";
import { type ConnectionEnds, ConnectionTable } from "./connection-table.ts";
import { makeCounters, type TcpCounters } from "./counters.ts";
import { ConnectionFlow } from "./flow.ts";
import { InitialSequenceNumbers } from "./initial-sequence-number.ts";
import { KeptAddresses } from "./kept-addresses.ts";
import { type Accept, Listener, PortTable } from "./listener.ts";
import { decode, emptySegment, type TcpHeader, type TcpSegment } from "./packet.ts";
import { connectError, isForMany } from "./refusals.ts";
import { rejection } from "./rejection.ts";
import { reportArrives } from "./report.ts";
import { protocol, segmentBytes, SegmentWriter } from "./segment-writer.ts";
import type { SendQueue } from "./send-queue.ts";
import { add } from "./sequence.ts";
import { defaultSettings, type TcpIp, type TcpLayerOptions, type TcpSettings } from "./settings.ts";
import { TimeWait, TimeWaits } from "./time-wait.ts";

/** Connects TCP over one or both versions of IP. */
export function connect(options: TcpLayerOptions): Tcp {
  return new TcpLayer(options);
}

interface Path {
  readonly ip: TcpIp;
  readonly writer: SegmentWriter;
}

class TcpLayer implements Tcp, ConnectionLayer {
  readonly settings: TcpSettings;
  readonly counters: TcpCounters;
  readonly #timers: Timers;
  readonly #random: Random;
  readonly #v4: Path | undefined;
  readonly #v6: Path | undefined;
  readonly #table: ConnectionTable<Connection | TimeWait>;
  readonly #addresses: KeptAddresses = new KeptAddresses();
  readonly #ports: PortTable = new PortTable();
  readonly #timeWaits: TimeWaits;
  readonly #initialSequenceNumbers: InitialSequenceNumbers;
  readonly #challenges: TokenBucket = new TokenBucket(100, 1000);
  readonly #stops: (() => void)[] = [];
  readonly #nowMs = (): number =>
    Number.isNaN(this.#batchMs) ? this.#timers.nowMs() : this.#batchMs;
  /** Connections that had segments in this batch. */
  readonly #touched: Connection[] = [];
  /** One for all that arrive: nobody keeps it. */
  readonly #segment: TcpSegment = emptySegment();
  /** The time of this batch; `NaN` between two. */
  #batchMs = NaN;
  #isClosed = false;

  constructor({ v4, v6, icmp, clock, random, settings }: TcpLayerOptions) {
    this.settings = { ...defaultSettings, ...settings };
    this.#timers = timersOf(clock);
    this.#random = random;
    this.#table = new ConnectionTable(random);
    this.counters = makeCounters(this.#table);
    this.#initialSequenceNumbers = new InitialSequenceNumbers(random);
    const { timeWaitMs, maxTimeWaits } = this.settings;
    this.#timeWaits = new TimeWaits(this.#timers, timeWaitMs, maxTimeWaits, (entry) =>
      this.#table.remove(entry),
    );
    this.#v4 = this.#standOn(v4);
    this.#v6 = this.#standOn(v6);
    if (icmp !== undefined) {
      this.#stops.push(icmp.onReport((report) => reportArrives(report, this.#find, this.#nowMs())));
    }
  }

  async connect(
    to: Endpoint,
    options: TcpOptions & { readonly address?: string; readonly signal?: AbortSignal } = {},
  ): Promise<TcpFlow> {
    options.signal?.throwIfAborted();
    const connection = this.#makeActive(to, options);
    const established = becomeEstablished(connection, to, this.#nowMs, options.signal);
    connection.open(this.#nowMs());
    return established;
  }

  listen(
    port: number,
    accept: Accept,
    options: TcpOptions & { readonly address?: string; readonly backlog?: number } = {},
  ): TcpListener {
    this.#checkOpen(`listen on port ${port}`);
    checkPort(port);
    checkOptions(options);
    const address = this.#ourAddress("listen at", options.address);
    const isTaken = (each: number): boolean => this.#ports.isTaken(each, address);
    const picked = port === 0 ? ephemeralPort(this.#random, isTaken) : port;
    if (picked === undefined || isTaken(picked)) {
      throw new ProtocolError("address-in-use", `Cannot listen on port ${port}: it is taken`);
    }
    const listener = new Listener({
      address,
      port: picked,
      accept,
      options,
      layer: this,
      random: this.#random,
      dispose: () => {
        this.#ports.remove(listener);
        // Nobody would be there to be given them.
        for (const connection of listener.halfOpen) connection.abort(this.#nowMs());
      },
    });
    this.#ports.add(listener);
    return listener;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const nowMs = this.#nowMs();
    this.#ports.clear();
    for (const entry of this.#table.entries()) {
      if (entry instanceof Connection) entry.abort(nowMs);
    }
    this.#timeWaits.clear();
    for (const stop of this.#stops) stop();
  }

  transmit(
    connection: Connection,
    header: TcpHeader,
    queue: SendQueue | undefined,
    offset: number,
    length: number,
  ): void {
    const { segmentBytes } = connection.sender;
    if (this.#write(connection, header, queue, offset, length, segmentBytes) === "too-large") {
      connection.isPathNarrower = true;
    }
  }

  segmentBytes(ends: ConnectionEnds): { readonly plain: number; readonly large: number } {
    return segmentBytes(this.#path(ends.remote)?.ip, ends);
  }

  schedule(connection: Connection): void {
    connection.timer?.set(connection.nextMs);
  }

  stateChanged(connection: Connection, nowMs: number): void {
    connection.timer?.clear();
    this.#table.remove(connection);
    if (connection.state !== "TIME-WAIT") return;
    const rest = new TimeWait(connection);
    this.#table.add(rest);
    this.#timeWaits.add(rest, nowMs);
  }

  reject(ends: ConnectionEnds, segment: TcpSegment): void {
    const header = rejection(segment);
    if (header === undefined) return;
    this.counters.resetsOut += 1;
    this.sendBare(ends, header);
  }

  advise({ remote }: Connection, isReached: boolean): void {
    this.#path(remote)?.ip.advise?.(remote, isReached);
  }

  mayChallenge(nowMs: number): boolean {
    if (!this.#challenges.take(nowMs)) return false;
    this.counters.challenges += 1;
    return true;
  }

  /** Makes a connection that answers `segment`; its initial sequence number may be given. */
  makePassive(
    ends: ConnectionEnds,
    options: TcpOptions,
    nowMs: number,
    iss: number = this.#initialSequenceNumber(ends, nowMs),
  ): Connection {
    return this.#add(ends, options, iss);
  }

  /** Sends a segment of no connection. */
  sendBare(ends: ConnectionEnds, header: TcpHeader): void {
    this.#write(ends, header, undefined, 0, 0, Infinity);
  }

  /** Hands an established connection to the user. */
  accepted(connection: Connection, accept: Accept): void {
    this.counters.accepted += 1;
    const flow = new ConnectionFlow(connection, this.#nowMs);
    const abort = (): void => flow.abort();
    try {
      void Promise.resolve(accept(flow)).catch(abort);
    } catch {
      abort();
    }
  }

  #makeActive(to: Endpoint, options: TcpOptions & { readonly address?: string }): Connection {
    this.#checkOpen(`connect to ${to.address}`);
    checkPort(to.port, 1);
    checkOptions(options);
    const parsed = parseAddress(to.address);
    if (parsed === undefined) {
      throw new TypeError(`Cannot connect to "${to.address}": it is no address`);
    }
    const remote = this.#addresses.keep(parsed);
    const ip = this.#path(remote)?.ip;
    const wanted = this.#ourAddress("connect from", options.address);
    const source = wanted ?? ip?.sourceFor(remote);
    if (source?.length !== remote.length || isForMany(remote, ip?.addresses ?? [])) {
      throw connectError(to, "no-route");
    }
    const local = this.#addresses.keep(source);
    const localPort = ephemeralPort(
      this.#random,
      (port) =>
        this.#ports.isTaken(port, local) ||
        this.#table.find(local, port, remote, to.port) !== undefined,
    );
    if (localPort === undefined) throw connectError(to, "no-buffer");
    const ends = { local, localPort, remote, remotePort: to.port };
    this.counters.opened += 1;
    return this.#add(ends, options, this.#initialSequenceNumber(ends, this.#nowMs()));
  }

  #add(ends: ConnectionEnds, options: TcpOptions, iss: number): Connection {
    const connection = new Connection(ends, this, options, iss, this.#random.uint32());
    connection.timer = this.#timers.timer((nowMs) => connection.expire(nowMs));
    this.#table.add(connection);
    return connection;
  }

  #initialSequenceNumber(ends: ConnectionEnds, nowMs: number): number {
    const { local, localPort, remote, remotePort } = ends;
    return this.#initialSequenceNumbers.next(local, localPort, remote, remotePort, nowMs);
  }

  #ourAddress(what: string, text: string | undefined): Uint8Array | undefined {
    if (text === undefined) return undefined;
    const address = parseAddress(text);
    if (address === undefined) throw new TypeError(`Cannot ${what} "${text}": it is no address`);
    if (address.every((byte) => byte === 0)) return undefined;
    if (this.#isOurs(address)) return address;
    throw new ProtocolError("no-route", `Cannot ${what} ${text}: it is not our address`);
  }

  #isOurs(address: Uint8Array): boolean {
    return isOurs(this.#path(address)?.ip, address);
  }

  #checkOpen(what: string): void {
    if (!this.#isClosed) return;
    throw new ProtocolError("closed", `Cannot ${what}: the stack was disposed`);
  }

  #standOn(ip: TcpIp | undefined): Path | undefined {
    if (ip === undefined) return undefined;
    ip.listen(protocol, (packet) => this.#receive(packet));
    this.#stops.push(
      ip.onBatchEnd(() => this.#endBatch()),
      () => ip.listen(protocol, undefined),
    );
    return { ip, writer: new SegmentWriter(ip, this.settings.discoversPathMtu) };
  }

  #path(address: Uint8Array): Path | undefined {
    return address.length === 4 ? this.#v4 : this.#v6;
  }

  readonly #find = (
    local: Uint8Array,
    localPort: number,
    remote: Uint8Array,
    remotePort: number,
  ): Connection | undefined => {
    const entry = this.#table.find(local, localPort, remote, remotePort);
    return entry instanceof Connection ? entry : undefined;
  };

  #receive(packet: ReceivedPacket): void {
    const { source, destination, payloadStart: start = 0 } = packet;
    const bytes = packet.payloadStart === undefined ? packet.payload : packet.bytes;
    this.counters.segmentsIn += 1;
    if (packet.offload?.checksumOmitted !== true) {
      const sum = pseudoHeaderSum(source, destination, protocol, bytes.length - start);
      if (finish(addRange(bytes, start, bytes.length, sum)) !== 0) {
        this.counters.badChecksum += 1;
        return;
      }
    }
    const segment = decode(bytes, start, this.#segment);
    if (segment === undefined) return void (this.counters.malformed += 1);
    if (Number.isNaN(this.#batchMs)) this.#batchMs = this.#nowMs();
    const { sourcePort, destinationPort } = segment;
    const entry = this.#table.find(destination, destinationPort, source, sourcePort);
    if (entry instanceof Connection) {
      entry.receive(segment, this.#batchMs);
      this.#touch(entry);
    } else {
      this.#receiveUnconnected(entry, segment, packet);
    }
  }

  /** Has a connection flushed when the batch ends. */
  #touch(connection: Connection): void {
    if (connection.isTouched) return;
    connection.isTouched = true;
    this.#touched.push(connection);
  }

  /** A batch is over: everything in it is answered at once. */
  #endBatch(): void {
    const nowMs = this.#batchMs;
    this.#batchMs = NaN;
    for (let connection = this.#touched.pop(); connection; connection = this.#touched.pop()) {
      connection.isTouched = false;
      connection.flush(nowMs);
    }
  }

  #receiveUnconnected(
    wait: TimeWait | undefined,
    segment: TcpSegment,
    packet: ReceivedPacket,
  ): void {
    const { source, destination } = packet;
    const { destinationPort: localPort, sourcePort: remotePort } = segment;
    const ends = { local: destination, localPort, remote: source, remotePort };
    if (wait !== undefined && !wait.mayReopen(segment)) {
      const answer = this.#timeWaits.receive(wait, segment, this.#batchMs);
      if (answer !== undefined) this.sendBare(wait, answer);
      return;
    }
    // Not to broadcasts and groups (RFC 9293, MUST-57).
    if (!this.#isOurs(destination)) return;
    const listener = this.#ports.find(localPort, destination);
    if (listener === undefined) {
      this.reject(ends, segment);
      return;
    }
    // Beyond all numbers of the last one, which the clock alone need not be (RFC 9293, MAY-2).
    const iss = wait === undefined ? undefined : add(wait.sndNxt, 0x1_0000);
    if (wait !== undefined) this.#timeWaits.end(wait);
    const { options } = listener;
    const ipOptions = options.ipOptions ?? this.#path(source)?.ip.replyOptions?.(packet, false);
    const kept = {
      local: this.#addresses.keep(destination),
      localPort,
      remote: this.#addresses.keep(source),
      remotePort,
      options: { ...options, ipOptions },
    };
    const connection = listener.receive(kept, segment, this.#batchMs, iss);
    if (connection !== undefined) this.#touch(connection);
  }

  #write(
    ends: ConnectionEnds,
    header: TcpHeader,
    queue: SendQueue | undefined,
    offset: number,
    length: number,
    segmentBytes: number,
  ): ProtocolErrorCode | undefined {
    try {
      this.#path(ends.remote)?.writer.write(ends, header, queue, offset, length, segmentBytes);
      this.counters.segmentsOut += 1;
      return undefined;
    } catch (error) {
      // Lost on the way, like any segment: no route now, or a path that has become narrower.
      if (!(error instanceof ProtocolError)) throw error;
      this.counters.unsent += 1;
      return error.code;
    }
  }
}
