import type { Clock, Datagram, Device, Stack, UdpSocket } from "../../devices/index.ts";
import { formatAddress } from "../address.ts";
import { isSameAddress } from "../prefix.ts";
import { toNumber, unspecified } from "../ipv4/address.ts";
import { Listeners } from "../listeners.ts";
import { TokenBucket } from "../token-bucket.ts";
import { timersOf, type Timers } from "../timers.ts";
import { AnswerSender } from "./answers.ts";
import { type Binding, isLeased, wasLeased } from "./bindings.ts";
import { clientOf, macText, type Client } from "./identity.ts";
import { Leases, type LeaseOptions } from "./leases.ts";
import { decode, messageType, operation, option, type DhcpPacket } from "./packet.ts";
import { Probes } from "./probes.ts";
import { leaseSecondsFor, type Answer } from "./replies.ts";
import { addressIn, leaseRequestOf, type LeaseRequest } from "./requests.ts";
import { addressOf, bytesOf, Subnet, textOf, type SubnetOptions } from "./subnet.ts";

/** What a server stands on, and what it gives. */
export interface DhcpServerOptions extends LeaseOptions {
  /** With `ip.v4`, clients without an address are answered alone; with `icmp`, offers are probed. */
  readonly stack: Pick<Stack, "udp"> & Partial<Pick<Stack, "ip" | "icmp">>;
  readonly clock: Clock;
  /** Our address, which answers come from; clients on its network need no relay agent. */
  readonly address: string;
  /** The networks that are served: ours, and those whose relay agents ask us. */
  readonly subnets: readonly SubnetOptions[];
  /**
   * Whether all that is leased there is leased by us, so that we refuse what we know nothing of;
   * off by default (RFC 2131, 4.3.2).
   */
  readonly isAuthoritative?: boolean | undefined;
  /** How long to wait whether somebody answers at an address before it is offered; 300, 0 is not. */
  readonly probeMs?: number | undefined;
}

/** A lease that has not ended. */
export interface ServedLease {
  readonly address: string;
  readonly mac: string;
  readonly clientId: Uint8Array | undefined;
  readonly hostName: string | undefined;
  /** When it ends, on the clock's monotonic scale; `Infinity` is never. */
  readonly endsAtMs: number;
}

/** Gives IPv4 addresses to clients, each for a while. */
export interface DhcpServer extends Device {
  /** The leases that have not ended, in the order of their addresses. */
  readonly leases: readonly ServedLease[];

  /** Calls `listener` after leases were given, changed or have ended. Returns what stops it. */
  onChange(listener: (leases: readonly ServedLease[]) => void): () => void;
}

const serverPort = 67;

/** Longer ones come from nobody (RFC 2132, 9.10). */
const maxMessageBytes = 1500;

/**
 * Reads the leases that are kept, and serves. Disposing it leaves them to the store.
 *
 * @throws {ProtocolError} `address-in-use` if port 67 is taken, `no-route` if `address` is not ours
 * @throws {TypeError} {@link RangeError} if what is to be given makes no sense
 * @throws {KeyValueError} if the store cannot be read
 * @see RFC 2131, 4.3
 */
export async function connect(options: DhcpServerOptions): Promise<DhcpServer> {
  const own = addressOf(options.address);
  const subnets = options.subnets.map((subnet) => new Subnet(subnet, own));
  const leases = new Leases(options.clock, options);
  await leases.restore(subnets);
  return new Server(options, own, subnets, leases);
}

class Server implements DhcpServer {
  readonly counters = {
    discovers: 0,
    requests: 0,
    declines: 0,
    releases: 0,
    informs: 0,
    offers: 0,
    acks: 0,
    naks: 0,
    /** Messages that could not be read, or say what no client says. */
    malformed: 0,
    /** Messages for other servers, or about what we know nothing of. */
    ignored: 0,
    /** Messages of a network that is not served. */
    foreign: 0,
    /** Messages beyond what may come in a second. */
    limited: 0,
    /** Clients for whom there was no address. */
    exhausted: 0,
    /** Addresses that somebody was found to use, or that a client declined. */
    conflicts: 0,
    /** Addresses offered without a probe: too many were under way. */
    unprobed: 0,
    /** Options that had no room. */
    optionsLeftOut: 0,
    /** Answers that no route led to. */
    unsent: 0,
    /** Changes that could not be written down: no lease is given then. */
    storeFailures: 0,
    /** Entries of the store that made no sense. */
    damagedEntries: 0,
  };
  readonly #options: DhcpServerOptions;
  readonly #serverId: Uint8Array;
  readonly #subnets: readonly Subnet[];
  readonly #leases: Leases;
  readonly #probes: Probes;
  readonly #socket: UdpSocket;
  readonly #answers: AnswerSender;
  readonly #timers: Timers;
  readonly #changes = new Listeners<readonly ServedLease[]>();
  /** Strangers cannot use up what those who have a lease may send. */
  readonly #knownBucket = new TokenBucket(200, 100);
  readonly #strangerBucket = new TokenBucket(100, 25);
  #isClosed = false;

  constructor(
    options: DhcpServerOptions,
    own: Uint8Array,
    subnets: readonly Subnet[],
    leases: Leases,
  ) {
    const { stack, clock, probeMs = 300 } = options;
    this.#options = options;
    this.#serverId = own;
    this.#subnets = subnets;
    this.#leases = leases;
    this.#timers = timersOf(clock);
    this.#probes = new Probes(stack.icmp, probeMs);
    this.counters.damagedEntries = leases.damagedCount;
    leases.onFailure(() => (this.counters.storeFailures += 1));
    leases.onChange(() => this.#changes.call(this.leases));
    this.#socket = stack.udp.bind(serverPort);
    this.#answers = new AnswerSender({
      ip: stack.ip?.v4,
      socket: this.#socket,
      source: own,
      counters: this.counters,
    });
    this.#socket.listen(this.#receive);
  }

  get leases(): readonly ServedLease[] {
    return this.#leases.live().map(({ address, client, hostName, leaseUntilMs }) => ({
      address: textOf(address),
      mac: macText(client.mac),
      clientId: client.clientId,
      hostName,
      endsAtMs: leaseUntilMs,
    }));
  }

  onChange(listener: (leases: readonly ServedLease[]) => void): () => void {
    return this.#changes.add(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#changes.clear();
    await this.#socket[Symbol.asyncDispose]();
    await this.#leases.close();
  }

  readonly #receive = ({ bytes, to }: Datagram): void => {
    // What we do may take longer than the datagram is ours.
    const packet = bytes.length > maxMessageBytes ? undefined : decode(bytes.slice());
    const client = packet === undefined ? undefined : clientOf(packet);
    if (packet?.op !== operation.request || client === undefined) {
      this.counters.malformed += 1;
      return;
    }
    const subnet = this.#subnetOf(packet, to);
    if (subnet === undefined) {
      this.counters.foreign += 1;
      return;
    }
    const nowMs = this.#timers.nowMs();
    const binding = this.#leases.of(subnet, client);
    const isKnown = binding !== undefined && wasLeased(binding);
    const bucket = isKnown ? this.#knownBucket : this.#strangerBucket;
    if (bucket.take(nowMs)) this.#dispatch(packet, client, subnet);
    else this.counters.limited += 1;
  };

  /**
   * The network of a client: that of its relay agent; for what came to us alone, that of its
   * address; else ours.
   */
  #subnetOf(packet: DhcpPacket, to: string): Subnet | undefined {
    const { giaddr, ciaddr } = packet;
    const isRelayed = !isSameAddress(giaddr, unspecified);
    const isOwn = to === formatAddress(this.#serverId) && !isSameAddress(ciaddr, unspecified);
    const address = isRelayed ? giaddr : isOwn ? ciaddr : this.#serverId;
    return this.#subnets.find((subnet) => subnet.contains(toNumber(address)));
  }

  #dispatch(packet: DhcpPacket, client: Client, subnet: Subnet): void {
    switch (packet.options.get(option.messageType)?.[0]) {
      case messageType.discover:
        this.counters.discovers += 1;
        void this.#discover(packet, client, subnet);
        break;
      case messageType.request:
        this.counters.requests += 1;
        this.#request(packet, client, subnet);
        break;
      case messageType.decline:
        this.counters.declines += 1;
        this.#decline(packet, client, subnet);
        break;
      case messageType.release:
        this.counters.releases += 1;
        this.#release(packet, client, subnet);
        break;
      case messageType.inform:
        this.counters.informs += 1;
        this.#inform(packet, subnet);
        break;
      default:
        this.counters.malformed += 1;
    }
  }

  /** Offers an address, once it is known that nobody answers there (RFC 2131, 4.3.1). */
  async #discover(packet: DhcpPacket, client: Client, subnet: Subnet): Promise<void> {
    const asked = addressIn(packet, option.requestedAddress);
    const requested = asked === undefined ? undefined : toNumber(asked);
    const held = this.#leases.of(subnet, client);
    if (held?.isBusy === true) {
      this.counters.ignored += 1;
      return;
    }
    for (let tries = 0; tries < 4; tries += 1) {
      const binding = this.#leases.offer(subnet, client, requested);
      if (binding === undefined) {
        this.counters.exhausted += 1;
        return;
      }
      const isKnownFree = binding === held || subnet.reservationOf(client) !== undefined;
      if (isKnownFree || !(await this.#isUsed(binding))) {
        if (!this.#isClosed) this.#sendOffer(packet, binding);
        return;
      }
      if (this.#isClosed) return;
      this.counters.conflicts += 1;
      this.#leases.putAside(binding);
    }
    this.counters.exhausted += 1;
  }

  async #isUsed(binding: Binding): Promise<boolean> {
    binding.isBusy = true;
    const result = await this.#probes.probe(textOf(binding.address));
    binding.isBusy = false;
    if (result === "unknown") this.counters.unprobed += 1;
    return result === "used";
  }

  #sendOffer(packet: DhcpPacket, binding: Binding): void {
    this.counters.offers += 1;
    const { subnet } = binding;
    this.#answers.send(packet, {
      ...this.#grantOf(packet, binding, leaseSecondsFor(packet, subnet)),
      type: messageType.offer,
    });
  }

  /** Gives an address, or refuses it (RFC 2131, 4.3.2). */
  #request(packet: DhcpPacket, client: Client, subnet: Subnet): void {
    const request = leaseRequestOf(packet);
    const known = this.#leases.of(subnet, client);
    if (request === undefined || known?.isBusy === true) {
      this.counters[request === undefined ? "malformed" : "ignored"] += 1;
      return;
    }
    const { state, serverId } = request;
    const isForUs = serverId === undefined || isSameAddress(serverId, this.#serverId);
    if (!isForUs) {
      // It took another server's offer: ours is for others again.
      this.counters.ignored += 1;
      if (known !== undefined && state === "selecting") this.#leases.withdraw(known);
      return;
    }
    const verdict = this.#judge(request, client, subnet, known);
    if (verdict === "silence") this.counters.ignored += 1;
    else if (verdict === "refusal") this.#refuse(packet, request, subnet);
    else void this.#grant(packet, client, subnet, request.address);
  }

  #judge(
    { state, address }: LeaseRequest,
    client: Client,
    subnet: Subnet,
    known: Binding | undefined,
  ): "grant" | "refusal" | "silence" {
    const mayHave = this.#leases.mayHave(subnet, address, client);
    if (state === "selecting") {
      // What it has was offered: nobody who speaks for it must make it lose that.
      const isOther = known !== undefined && known.address !== address;
      const isMove = isOther && isLeased(known, this.#timers.nowMs());
      return mayHave && !isMove ? "grant" : "refusal";
    }
    const isKnown = known !== undefined && wasLeased(known);
    // On a wrong network it is refused whoever it is; else a stranger may be another server's.
    if (state === "rebooting" && !subnet.contains(address)) return "refusal";
    if (!isKnown && this.#options.isAuthoritative !== true) return "silence";
    if (isKnown && known.address !== address) return "refusal";
    return mayHave ? "grant" : "refusal";
  }

  #refuse(packet: DhcpPacket, { address }: LeaseRequest, subnet: Subnet): void {
    this.counters.naks += 1;
    const why = subnet.contains(address) ? "not available" : "wrong network";
    const message = `${textOf(address)}: ${why}`;
    this.#answers.send(packet, { type: messageType.nak, serverId: this.#serverId, message });
  }

  /** Gives an address once that is written down. */
  async #grant(packet: DhcpPacket, client: Client, subnet: Subnet, address: number): Promise<void> {
    const seconds = leaseSecondsFor(packet, subnet);
    const name = packet.options.get(option.hostName);
    const outcome = await this.#leases.give(subnet, address, client, seconds, name);
    if (this.#isClosed || outcome === undefined) return;
    if (typeof outcome === "string") {
      this.counters[outcome] += 1;
      return;
    }
    this.counters.acks += 1;
    const grant = this.#grantOf(packet, outcome, seconds);
    this.#answers.send(packet, { ...grant, type: messageType.ack });
  }

  /** Puts an address aside that its client found to be somebody else's (RFC 2131, 4.3.3). */
  #decline(packet: DhcpPacket, client: Client, subnet: Subnet): void {
    const address = addressIn(packet, option.requestedAddress);
    const binding = this.#leases.of(subnet, client);
    if (!this.#isAbout(packet, binding, address)) return;
    this.counters.conflicts += 1;
    this.#leases.putAside(binding);
  }

  /** Ends a lease; the address is kept for its client as long as nobody needs it (4.3.4). */
  #release(packet: DhcpPacket, client: Client, subnet: Subnet): void {
    const binding = this.#leases.of(subnet, client);
    if (!this.#isAbout(packet, binding, packet.ciaddr)) return;
    if (isLeased(binding, this.#timers.nowMs())) this.#leases.end(binding);
    else this.counters.ignored += 1;
  }

  /** Whether a statement is for us, and about what its client has. */
  #isAbout(
    packet: DhcpPacket,
    binding: Binding | undefined,
    address: Uint8Array | undefined,
  ): binding is Binding {
    const serverId = addressIn(packet, option.serverId);
    const isOurs =
      serverId !== undefined &&
      isSameAddress(serverId, this.#serverId) &&
      binding?.isBusy === false &&
      address !== undefined &&
      binding.address === toNumber(address);
    if (!isOurs) this.counters.ignored += 1;
    return isOurs;
  }

  /** Tells a host that has an address what else is to be known (RFC 2131, 4.3.5). */
  #inform(packet: DhcpPacket, subnet: Subnet): void {
    // An answer goes to this address, so it must not be just anybody's.
    if (!subnet.contains(toNumber(packet.ciaddr))) {
      this.counters.ignored += 1;
      return;
    }
    this.counters.acks += 1;
    this.#answers.send(packet, { type: messageType.ack, serverId: this.#serverId, subnet });
  }

  #grantOf(packet: DhcpPacket, binding: Binding, leaseSeconds: number): Omit<Answer, "type"> {
    const { subnet, address, client } = binding;
    const hostName = subnet.reservationOf(client)?.hostName;
    const serverId = this.#serverId;
    return { serverId, subnet, address: bytesOf(address), leaseSeconds, hostName };
  }
}
