import {
  ProtocolError,
  type Clock,
  type Datagram,
  type Device,
  type Random,
  type Udp,
  type UdpSocket,
} from "../../devices/index.ts";
import { formatAddress } from "../address.ts";
import { isName } from "../dns/name.ts";
import { unspecified } from "../ipv4/address.ts";
import { isSameAddress } from "../prefix.ts";
import { fraction } from "../random.ts";
import { timersOf, type Timer, type Timers } from "../timers.ts";
import { Configuration, type Configurable } from "./configuration.ts";
import { readLease, type Lease } from "./lease.ts";
import { forms, messageOf, type Occasion } from "./messages.ts";
import { decode, encode, messageType, operation, option, type DhcpPacket } from "./packet.ts";
import { next, type DhcpEvent, type DhcpState } from "./states.ts";

/** What a client stands on. */
export interface DhcpOptions {
  readonly udp: Udp;
  readonly ipv4: Configurable;
  /** 6 bytes. */
  readonly mac: Uint8Array;
  readonly clock: Clock;
  readonly random: Random;
  /** What we call ourselves. */
  readonly hostName?: string | undefined;
  /** An address that we had (4 bytes): it is asked for first, without waiting for offers. */
  readonly previousAddress?: Uint8Array | undefined;
}

/** Keeps an IPv4 address and its routes configured for as long as a server grants them. */
export interface DhcpClient extends Device {
  /** Where the client stands. */
  readonly state: DhcpState;

  /** What is in effect now. */
  readonly lease: Lease | undefined;

  /**
   * Resolves when there is a lease. The client goes on trying after this has rejected.
   *
   * @throws {ProtocolError} `timed-out` after `timeoutMs` (30,000 by default), `address-conflict`
   *   if by then another host had what was granted; `closed`
   */
  configured(timeoutMs?: number): Promise<void>;

  /** The link is back, or another: asks whether the lease still holds, or for one at once (3.2). */
  restart(): void;

  /**
   * Calls `listener` after each change of {@link DhcpClient.lease}. Returns the function that stops
   * it.
   */
  onChange(listener: (lease: Lease | undefined) => void): () => void;
}

const clientPort = 68;
const serverPort = 67;

/** The first wait for an answer, doubled up to the last, each a second more or less (4.1). */
const firstRetryMs = 4000;
const lastRetryMs = 64_000;

/** The least wait between two tries to renew (4.4.5). */
const renewRetryMs = 60_000;

/** How long to ask for an address that was offered, and for one that we had before. */
const requestTimeoutMs = 30_000;
const rebootTimeoutMs = 10_000;

/** The wait after an address was found to be another host's (3.1.5), and the most after a NAK. */
const pauseMs = 10_000;

/** MAX_CONFLICTS and RATE_LIMIT_INTERVAL (RFC 5227, 2.1.1). */
const maxConflicts = 10;
const longPauseMs = 60_000;

/** Room for any message of ours. */
const maxMessageBytes = 576;

/**
 * A client that begins at once to ask for a lease. Disposing it gives the lease back.
 *
 * @throws {ProtocolError} `address-in-use` if port 68 is taken, `closed`
 * @throws {TypeError} if `hostName` is no name
 * @see RFC 2131
 */
export function connect(options: DhcpOptions): DhcpClient {
  return new Client(options);
}

class Client implements DhcpClient {
  readonly counters = {
    sent: 0,
    /** Messages that no route led to a server. */
    unsent: 0,
    received: 0,
    /** Messages that could not be read, or grant nothing. */
    malformed: 0,
    /** Messages for others, or that our state has no use for. */
    ignored: 0,
    refusals: 0,
    conflicts: 0,
  };
  state: DhcpState = "init";
  readonly #options: DhcpOptions;
  readonly #socket: UdpSocket;
  readonly #timers: Timers;
  readonly #timer: Timer;
  readonly #stopConflicts: () => void;
  readonly #configuration: Configuration;
  readonly #waiters = new Set<(error: ProtocolError | undefined) => void>();
  /** What was offered or granted last. */
  #candidate: Lease | undefined;
  #xid = 0;
  /**
   * When this try began, when the state sent first, and what the lease counts from: an answer may
   * be to the first message, though others were sent since.
   */
  #startedMs = 0;
  #sentMs = 0;
  #grantedMs = 0;
  /** How long we had tried when we sent last, in seconds. */
  #secs = 0;
  #tryCount = 0;
  /** When the state has lasted as long as it may. */
  #deadlineMs = Infinity;
  #pauseMs = 0;
  /** Addresses in a row that other hosts had. */
  #conflictCount = 0;
  #isClosed = false;

  constructor(options: DhcpOptions) {
    const { hostName } = options;
    if (hostName !== undefined && !isName(hostName)) {
      throw new TypeError(`Cannot use ${JSON.stringify(hostName)} as a host name: it is none`);
    }
    this.#options = options;
    this.#configuration = new Configuration(options.ipv4);
    this.#timers = timersOf(options.clock);
    this.#timer = this.#timers.timer((nowMs) => this.#expire(nowMs));
    this.#socket = options.udp.bind(clientPort, { address: "0.0.0.0" });
    this.#socket.listen(this.#receive);
    this.#stopConflicts = options.ipv4.onConflict((address) => {
      if (this.lease !== undefined && isSameAddress(address, this.lease.address)) this.#decline();
    });
    this.#enter(options.previousAddress === undefined ? "selecting" : "rebooting");
  }

  get lease(): Lease | undefined {
    return this.#configuration.lease;
  }

  async configured(timeoutMs: number = 30_000): Promise<void> {
    if (this.#isClosed) throw closedError();
    if (this.lease !== undefined) return;
    const error = await new Promise<ProtocolError | undefined>((resolve) => {
      const timer = this.#timers.timer(() => settle(this.#unconfigured()));
      const settle = (error: ProtocolError | undefined): void => {
        this.#waiters.delete(settle);
        timer.clear();
        resolve(error);
      };
      this.#waiters.add(settle);
      timer.set(this.#timers.nowMs() + timeoutMs);
    });
    if (error !== undefined) throw error;
  }

  restart(): void {
    if (this.#isClosed || this.state === "claiming") return;
    this.#enter(this.lease === undefined ? "selecting" : "rebooting");
  }

  onChange(listener: (lease: Lease | undefined) => void): () => void {
    return this.#configuration.onChange(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#timer.clear();
    this.#stopConflicts();
    if (this.lease !== undefined) this.#send("releasing");
    this.#configuration.drop();
    for (const settle of this.#waiters) settle(closedError());
    await this.#socket[Symbol.asyncDispose]();
  }

  #step(event: DhcpEvent): void {
    const isKept = this.state === "rebooting" && event === "timeout" && this.lease !== undefined;
    const state = isKept ? "bound" : next(this.state, event);
    if (state !== undefined) this.#enter(state);
  }

  #enter(state: DhcpState): void {
    const nowMs = this.#timers.nowMs();
    this.state = state;
    this.#tryCount = 0;
    if (state === "selecting" || state === "rebooting" || state === "renewing") {
      this.#xid = this.#options.random.uint32();
      this.#startedMs = nowMs;
    }
    if (state === "init") {
      this.#candidate = undefined;
      this.#configuration.drop();
    }
    if (state === "bound") this.#bind();
    this.#deadlineMs = this.#deadlineOf(state, nowMs);
    if (state in forms) this.#request();
    else this.#timer.set(this.#deadlineMs);
    if (state === "claiming") void this.#claim();
  }

  #deadlineOf(state: DhcpState, nowMs: number): number {
    const { renewMs, rebindMs, expireMs } = this.lease ?? { renewMs: 0, rebindMs: 0, expireMs: 0 };
    switch (state) {
      case "init":
        return nowMs + this.#pauseMs;
      case "requesting":
        return nowMs + requestTimeoutMs;
      case "rebooting":
        return nowMs + rebootTimeoutMs;
      case "bound":
        return this.#grantedMs + renewMs;
      case "renewing":
        return this.#grantedMs + rebindMs;
      case "rebinding":
        return this.#grantedMs + expireMs;
      default:
        return Infinity;
    }
  }

  #expire(nowMs: number): void {
    if (nowMs >= this.#deadlineMs) this.#step("timeout");
    else this.#request();
  }

  /** Sends what the state sends, and sets the time to send it again. */
  #request(): void {
    const nowMs = this.#timers.nowMs();
    if (this.#tryCount === 0) this.#sentMs = nowMs;
    this.#send(this.state as Occasion);
    const jitterMs = fraction(this.#options.random) * 2000 - 1000;
    const retryMs =
      this.lease === undefined || this.state === "rebooting"
        ? Math.min(firstRetryMs * 2 ** this.#tryCount, lastRetryMs) + jitterMs
        : Math.max((this.#deadlineMs - nowMs) / 2, renewRetryMs);
    this.#tryCount += 1;
    this.#timer.set(Math.min(nowMs + retryMs, this.#deadlineMs));
  }

  #send(occasion: Occasion): void {
    const { mac, hostName, previousAddress } = this.#options;
    const form = forms[occasion];
    const { address, serverId } = this.#candidate ?? {
      address: previousAddress ?? unspecified,
      serverId: unspecified,
    };
    // A request goes with the time of the discovery before it, by which relays choose (3.1, 3).
    if (occasion !== "requesting") {
      this.#secs = Math.floor((this.#timers.nowMs() - this.#startedMs) / 1000);
    }
    const subject = { mac, hostName, xid: this.#xid, secs: this.#secs, address, serverId };
    const packet = messageOf(form, subject);
    const message = new Uint8Array(maxMessageBytes);
    const length = encode(packet, message);
    const to = form.isUnicast === true ? formatAddress(serverId) : "255.255.255.255";
    const source = formatAddress(packet.ciaddr);
    try {
      this.#socket.send(message.subarray(0, length), { address: to, port: serverPort }, { source });
      this.counters.sent += 1;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      this.counters.unsent += 1;
    }
  }

  readonly #receive = ({ bytes, from }: Datagram): void => {
    const packet = decode(bytes);
    if (packet === undefined) {
      this.counters.malformed += 1;
      return;
    }
    this.counters.received += 1;
    const isOurs =
      from.port === serverPort &&
      packet.op === operation.reply &&
      packet.xid === this.#xid &&
      isSameAddress(packet.chaddr, this.#options.mac);
    const event = isOurs ? eventOf(packet) : undefined;
    if (event === undefined || next(this.state, event) === undefined) this.counters.ignored += 1;
    else if (event === "nak") this.#refuse(packet);
    else this.#take(packet, event);
  };

  /** Takes an offer, or a lease that was granted. */
  #take(packet: DhcpPacket, event: "offer" | "ack"): void {
    const lease = readLease(packet);
    if (lease === undefined) {
      this.counters.malformed += 1;
      return;
    }
    // A server that grants another address than it was asked for grants nothing.
    const asked = this.#candidate?.address ?? this.#options.previousAddress ?? lease.address;
    if (event === "ack" && !isSameAddress(lease.address, asked)) {
      this.counters.ignored += 1;
      return;
    }
    this.#candidate = lease;
    if (event === "ack") this.#grantedMs = this.#sentMs;
    this.#step(event);
  }

  /** Begins anew, after a longer pause each time, so that a server that only refuses is spared. */
  #refuse({ options }: DhcpPacket): void {
    const serverId = options.get(option.serverId);
    const asked = this.state === "requesting" ? this.#candidate?.serverId : undefined;
    if (asked !== undefined && (serverId === undefined || !isSameAddress(serverId, asked))) {
      this.counters.ignored += 1;
      return;
    }
    this.counters.refusals += 1;
    this.#step("nak");
    this.#pauseMs = Math.min(this.#pauseMs + 1000, pauseMs);
  }

  /** Checks that nobody else has the address. */
  async #claim(): Promise<void> {
    const { ipv4 } = this.#options;
    const lease = this.#candidate;
    if (lease === undefined) return;
    try {
      await ipv4.configure(lease);
    } catch (error) {
      if (this.#isClosed) return;
      if (error instanceof ProtocolError && error.code === "address-conflict") this.#decline();
      else this.#step("conflict");
      return;
    }
    if (this.#isClosed) ipv4.deconfigure(lease.address);
    else this.#step("claimed");
  }

  /** Gives back an address that another host has, and begins anew after a while. */
  #decline(): void {
    this.counters.conflicts += 1;
    this.#send("declining");
    this.#conflictCount += 1;
    this.#pauseMs = this.#conflictCount < maxConflicts ? pauseMs : longPauseMs;
    this.#step("conflict");
  }

  #bind(): void {
    if (this.#candidate === undefined) return;
    this.#pauseMs = 0;
    this.#conflictCount = 0;
    this.#configuration.apply(this.#candidate);
    for (const settle of this.#waiters) settle(undefined);
  }

  #unconfigured(): ProtocolError {
    return this.#conflictCount > 0
      ? new ProtocolError("address-conflict", "Cannot use the address granted: another host has it")
      : new ProtocolError("timed-out", "Cannot get an address: no DHCP server granted one in time");
  }
}

/** What a message of a server is to a client (RFC 2132, 9.6). */
function eventOf({ options }: DhcpPacket): "offer" | "ack" | "nak" | undefined {
  switch (options.get(option.messageType)?.[0]) {
    case messageType.offer:
      return "offer";
    case messageType.ack:
      return "ack";
    case messageType.nak:
      return "nak";
    default:
      return undefined;
  }
}

function closedError(): ProtocolError {
  return new ProtocolError("closed", "Cannot get an address: the DHCP client was disposed");
}
