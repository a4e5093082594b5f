/** The calls of a script, by file descriptor, over the {@link Tcp} that is tested. */

import type { Tcp, TcpFlow, TcpListener, TcpOptions } from "../../src/devices/index.ts";
import type { Action, Expression } from "./script.ts";
import { readOption, tcpOptions, type SocketOptions } from "./socket-options.ts";
import { errorNameOf, Stream, type Transfer } from "./stream.ts";
import { fieldsOf, integer, iovecs, portOf, sumOfIntegers, wordsOf } from "./values.ts";
import { Unsupported } from "./verdict.ts";
import type { World } from "./world.ts";

/** What a call came to. */
export interface Outcome {
  /** -1 with an `errno`; `undefined` where scripts cannot agree on it. */
  readonly value: number | undefined;
  readonly errorName?: string;
  /** What it wrote into its argument of this index. */
  readonly output?: { readonly index: number; readonly value: Expression };
  /** It would wait, and the script says that it returns at once. */
  readonly isBlocked?: boolean;
}

type Call = Extract<Action, { kind: "call" }>;

/** Where a socket is. */
type State =
  | { readonly kind: "closed" }
  | { readonly kind: "listening"; readonly listener: TcpListener; readonly queue: Queue }
  | { readonly kind: "connecting"; readonly abort: AbortController }
  | { readonly kind: "connected"; readonly stream: Stream };

/** Connections that nobody has accepted yet, and how to hear of the next. */
interface Queue {
  readonly streams: Stream[];
  wake: () => void;
}

interface Socket {
  state: State;
  /** 0 until it is bound. */
  port: number;
  isNonBlocking: boolean;
  errorName: string | undefined;
  options: SocketOptions;
}

/** What is tested, and what a script has said of it in advance. */
export interface Subject {
  readonly tcp: Tcp;
  readonly remoteAddress: string;
  /** Options that a script sets on connections that exist: {@link Tcp} takes them earlier. */
  readonly laterOptions: SocketOptions;
  /** A connection is about to be made, or made possible. */
  readonly onOpen: (localPort: number | undefined) => void;
}

const defaultPort = 8080;
const ok: Outcome = { value: 0 };
const blocked: Outcome = { value: -1, errorName: "EAGAIN", isBlocked: true };

export class Sockets {
  readonly #subject: Subject;
  readonly #world: World;
  readonly #sockets = new Map<number, Socket>();
  readonly #streams: Stream[] = [];

  constructor(subject: Subject, world: World) {
    this.#subject = subject;
    this.#world = world;
  }

  /** Whether every stream delivered what the peer sent. */
  get areIntact(): boolean {
    return this.#streams.every(({ isIntact }) => isIntact);
  }

  /** What was written to the stream that got most; scripts have hardly more than one. */
  get writtenBytes(): number {
    return Math.max(0, ...this.#streams.map(({ writtenBytes }) => writtenBytes));
  }

  /**
   * Makes a call. With `mayBlock` it may take any time, else it settles without time passing.
   * Descriptors are the script's: a new one gets the number that it says.
   *
   * @throws {Unsupported}
   */
  async call({ name, args, result }: Call, mayBlock: boolean): Promise<Outcome> {
    switch (name) {
      case "socket":
        return this.#open(result);
      case "bind":
        return this.#bind(args);
      case "listen":
        return this.#listen(args);
      case "accept":
      case "accept4":
        return this.#accept(args, result, mayBlock);
      case "connect":
        return this.#connect(args, mayBlock);
      case "read":
      case "recv":
      case "recvfrom":
        return this.#read(args, integer(args[2]), mayBlock);
      case "recvmsg":
      case "readv":
        return this.#read(args, sumOfIntegers(iovecs(args[1])), mayBlock);
      case "write":
      case "send":
      case "sendto":
        return this.#write(args, integer(args[2]), mayBlock);
      case "sendmsg":
      case "writev":
        return this.#write(args, sumOfIntegers(iovecs(args[1])), mayBlock);
      case "shutdown":
        return this.#shutdown(args);
      case "close":
        return this.#close(args);
      case "fcntl":
        return this.#control(args);
      case "setsockopt":
        return this.#setOption(args);
      case "getsockopt":
        return this.#getOption(args);
      case "ioctl":
        return this.#countInput(args);
      case "poll":
        return this.#poll(args);
      default:
        throw new Unsupported(`the call ${name}`);
    }
  }

  #open(wanted: Expression): Outcome {
    const number = integer(wanted);
    // 0 to 2 are a process's standard streams.
    const isFree = number > 2 && !this.#sockets.has(number);
    const value = isFree ? number : Math.max(2, ...this.#sockets.keys()) + 1;
    this.#sockets.set(value, newSocket({ kind: "closed" }));
    return { value };
  }

  #bind(args: readonly Expression[]): Outcome {
    this.#socket(args).port = portOf(args[1]) ?? defaultPort;
    return ok;
  }

  #listen(args: readonly Expression[]): Outcome {
    const socket = this.#socket(args);
    const queue: Queue = { streams: [], wake: () => {} };
    const accept = (flow: TcpFlow): void => {
      queue.streams.push(this.#own(flow));
      queue.wake();
    };
    const port = socket.port === 0 ? defaultPort : socket.port;
    const options = { ...this.#optionsOf(socket), backlog: integer(args[1]) };
    try {
      const listener = this.#subject.tcp.listen(port, accept, options);
      socket.state = { kind: "listening", listener, queue };
      this.#subject.onOpen(port);
      return ok;
    } catch (error) {
      return failed(errorNameOf(error));
    }
  }

  async #accept(
    args: readonly Expression[],
    wanted: Expression,
    mayBlock: boolean,
  ): Promise<Outcome> {
    const socket = this.#socket(args);
    if (socket.state.kind !== "listening") return failed("EINVAL");
    const { queue } = socket.state;
    if (queue.streams.length === 0 && mayBlock) {
      await new Promise<void>((resolve) => (queue.wake = resolve));
    }
    const stream = queue.streams.shift();
    if (stream === undefined) return socket.isNonBlocking ? failed("EAGAIN") : blocked;
    const { value = -1 } = this.#open(wanted);
    const accepted = newSocket({ kind: "connected", stream });
    accepted.options = socket.options;
    accepted.isNonBlocking = args.flatMap(wordsOf).includes("SOCK_NONBLOCK");
    this.#sockets.set(value, accepted);
    return { value };
  }

  async #connect(args: readonly Expression[], mayBlock: boolean): Promise<Outcome> {
    const socket = this.#socket(args);
    const { kind } = socket.state;
    if (kind === "connecting") return failed("EALREADY");
    if (kind !== "closed") return failed("EISCONN");
    if (socket.errorName !== undefined) return this.#takeError(socket);
    const done = this.#startConnecting(socket, portOf(args[1]) ?? defaultPort);
    await (mayBlock ? done : this.#world.settle());
    if (!this.#isConnecting(socket)) return this.#takeError(socket);
    return socket.isNonBlocking ? failed("EINPROGRESS") : blocked;
  }

  #isConnecting({ state }: Socket): boolean {
    return state.kind === "connecting";
  }

  #startConnecting(socket: Socket, port: number): Promise<void> {
    const abort = new AbortController();
    this.#subject.onOpen(undefined);
    const options = { ...this.#optionsOf(socket), signal: abort.signal };
    const done = this.#subject.tcp
      .connect({ address: this.#subject.remoteAddress, port }, options)
      .then(
        (flow) => void (socket.state = { kind: "connected", stream: this.#own(flow) }),
        (error: unknown) => {
          if (abort.signal.aborted) return;
          socket.state = { kind: "closed" };
          socket.errorName = errorNameOf(error);
        },
      );
    socket.state = { kind: "connecting", abort };
    return done;
  }

  #takeError(socket: Socket): Outcome {
    const { errorName } = socket;
    socket.errorName = undefined;
    return errorName === undefined ? ok : failed(errorName);
  }

  async #read(args: readonly Expression[], count: number, mayBlock: boolean): Promise<Outcome> {
    const socket = this.#socket(args);
    if (socket.state.kind !== "connected") return this.#notConnected(socket);
    const isPeek = args.flatMap(wordsOf).includes("MSG_PEEK");
    return this.#moved(args, await socket.state.stream.read(count, isPeek, mayBlock));
  }

  async #write(args: readonly Expression[], count: number, mayBlock: boolean): Promise<Outcome> {
    const words = new Set(args.flatMap(wordsOf));
    for (const flag of ["MSG_FASTOPEN", "MSG_ZEROCOPY", "MSG_EOR", "MSG_OOB", "MSG_MORE"]) {
      if (words.has(flag)) throw new Unsupported(`sending with ${flag}`);
    }
    const socket = this.#socket(args);
    if (socket.state.kind !== "connected") return this.#notConnected(socket);
    return this.#moved(args, await socket.state.stream.write(count, mayBlock));
  }

  #notConnected(socket: Socket): Outcome {
    if (socket.state.kind === "connecting") return failed("EAGAIN");
    return socket.errorName === undefined ? failed("ENOTCONN") : this.#takeError(socket);
  }

  #moved(args: readonly Expression[], transfer: Transfer): Outcome {
    if (typeof transfer === "number") return { value: transfer };
    if (transfer !== "blocked") return failed(transfer.errorName);
    const isNonBlocking =
      this.#socket(args).isNonBlocking || args.flatMap(wordsOf).includes("MSG_DONTWAIT");
    return isNonBlocking ? failed("EAGAIN") : blocked;
  }

  #shutdown(args: readonly Expression[]): Outcome {
    const { state } = this.#socket(args);
    const directions = { SHUT_RD: "read", SHUT_WR: "write", SHUT_RDWR: "both" } as const;
    const [how = ""] = wordsOf(args[1]);
    if (state.kind !== "connected" || !Object.hasOwn(directions, how)) return failed("ENOTCONN");
    void state.stream.flow.shutdown(directions[how as keyof typeof directions]);
    return ok;
  }

  #close(args: readonly Expression[]): Outcome {
    const socket = this.#socket(args);
    const { state } = socket;
    if (state.kind === "connecting") state.abort.abort();
    if (state.kind === "connected") state.stream.close(socket.options.isAbortedOnClose === true);
    if (state.kind === "listening") {
      void state.listener[Symbol.asyncDispose]();
      for (const stream of state.queue.streams) stream.close(true);
    }
    this.#sockets.delete(integer(args[0]));
    return ok;
  }

  #control(args: readonly Expression[]): Outcome {
    const [command] = wordsOf(args[1]);
    // Which bits there are is the platform's.
    if (command === "F_GETFL") return { value: undefined };
    if (command !== "F_SETFL") throw new Unsupported(`fcntl ${command}`);
    this.#socket(args).isNonBlocking = wordsOf(args[2]).includes("O_NONBLOCK");
    return ok;
  }

  #setOption(args: readonly Expression[]): Outcome {
    const socket = this.#socket(args);
    const [name = ""] = wordsOf(args[2]);
    const options = readOption(name, args[3]);
    const { state } = socket;
    const isTooLate = state.kind === "connected" || state.kind === "connecting";
    for (const key of Object.keys(options) as (keyof SocketOptions)[]) {
      const given = { ...this.#subject.laterOptions, ...socket.options }[key];
      if (isTooLate && key !== "isAbortedOnClose" && given !== options[key]) {
        throw new Unsupported(`changing ${name} of a connection`);
      }
    }
    socket.options = { ...socket.options, ...options };
    return ok;
  }

  async #getOption(args: readonly Expression[]): Promise<Outcome> {
    const socket = this.#socket(args);
    const [name = ""] = wordsOf(args[2]);
    // How large buffers are, is the platform's.
    if (name === "SO_RCVBUF" || name === "SO_SNDBUF") return ok;
    if (name !== "SO_ERROR") throw new Unsupported(`getsockopt ${name}`);
    const { state } = socket;
    const found = state.kind === "connected" ? await state.stream.takeError() : undefined;
    const errorName = socket.errorName ?? found;
    socket.errorName = undefined;
    const value: Expression =
      errorName === undefined ? { kind: "integer", value: 0 } : { kind: "word", text: errorName };
    return { value: 0, output: { index: 3, value: { kind: "list", items: [value] } } };
  }

  /** `ioctl(fd, SIOCINQ, [count])`: how much could be read. */
  async #countInput(args: readonly Expression[]): Promise<Outcome> {
    const [request = ""] = wordsOf(args[1]);
    const { state } = this.#socket(args);
    if ((request !== "SIOCINQ" && request !== "FIONREAD") || state.kind !== "connected") {
      throw new Unsupported(`ioctl ${request}`);
    }
    await state.stream.read(Number.POSITIVE_INFINITY, true, false);
    const value: Expression = { kind: "integer", value: state.stream.bufferedBytes };
    return { value: 0, output: { index: 2, value: { kind: "list", items: [value] } } };
  }

  /** Of one descriptor, and without waiting: `poll([{fd=4, events=POLLIN, revents=…}], 1, 0)`. */
  async #poll(args: readonly Expression[]): Promise<Outcome> {
    const fields = args[0]?.kind === "list" ? args[0].items.flatMap(fieldsOf) : [];
    const descriptor = fields.find(({ name }) => name === "fd")?.value;
    const named = fields.filter(({ name }) => name === "events");
    const events = new Set(named.flatMap(({ value }) => wordsOf(value)));
    if (descriptor === undefined) throw new Unsupported("poll of several descriptors");
    const { state } = this.#socket([descriptor]);
    if (state.kind === "connecting") return ok;
    const isReadable =
      state.kind === "connected" ? await state.stream.isReadable() : hasQueue(state);
    const isWritable = state.kind === "connected" && state.stream.isWritable;
    const isReady = (isReadable && events.has("POLLIN")) || (isWritable && events.has("POLLOUT"));
    return { value: isReady ? 1 : 0 };
  }

  #socket(args: readonly Expression[]): Socket {
    const socket = this.#sockets.get(integer(args[0]));
    if (socket === undefined) throw new Unsupported("a descriptor that is no socket");
    return socket;
  }

  #own(flow: TcpFlow): Stream {
    const stream = new Stream(flow, this.#world);
    this.#streams.push(stream);
    return stream;
  }

  #optionsOf(socket: Socket): TcpOptions {
    return tcpOptions({ ...this.#subject.laterOptions, ...socket.options });
  }
}

function newSocket(state: State): Socket {
  return { state, port: 0, isNonBlocking: false, errorName: undefined, options: {} };
}

function failed(errorName: string): Outcome {
  return { value: -1, errorName };
}

function hasQueue(state: State): boolean {
  return state.kind === "listening" && state.queue.streams.length > 0;
}
