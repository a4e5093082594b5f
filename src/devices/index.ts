/**
 * The device signatures: every interface that a unikernel, a protocol or a driver of Morgana is
 * written against. They keep the names and promises of MirageOS's module types, in TypeScript's
 * habits.
 *
 * Conventions that hold for every member:
 *
 * - **Buffers** are `Uint8Array`. Each comment says who owns one: *borrowed* (the callee may use it
 *   until the promise settles or the call or callback returns; the owner must not change it
 *   meanwhile), *given* (ownership moves for good) or *fresh* (allocated for the receiver, who owns
 *   it).
 * - **Errors** are of the device's own class in {@link ./errors.ts}. Misuse that no running system
 *   can cause (a negative sector, a fractional port) throws `TypeError` or `RangeError`. A
 *   cancelled operation rejects with its signal's `reason`.
 * - **Units** come last in a name: `timeoutMs`, `sectorBytes`, `sectorCount`.
 * - Nothing here assumes that a guest is TypeScript: whatever waits can be polled with a deadline.
 */

export * from "./errors.ts";

// ─── Device ─────────────────────────────────────────────────────────────────────────────────────

/**
 * What every device has. There is no ambient `connect`: code uses only the devices it was given.
 *
 * @see Mirage_device.S
 */
export interface Device {
  /**
   * Running totals since the device was connected, by name; what a person sees in a device list.
   * A live view, not a copy: reading it costs nothing and it is never reset.
   */
  readonly counters: Readonly<Record<string, number>>;

  /**
   * Releases the device. Operations under way settle first, as far as the backing lets them,
   * whether or not anybody awaits them; later ones fail with code `closed`, unless their comment
   * says that they cannot fail or names no error. Never rejects; a second call does nothing and
   * resolves.
   *
   * @see Mirage_device.S.disconnect
   */
  [Symbol.asyncDispose](): Promise<void>;
}

// ─── Console ────────────────────────────────────────────────────────────────────────────────────

/** Counters of a {@link Console}: bytes read from the person and bytes written for them. */
export interface ConsoleCounters extends Readonly<Record<string, number>> {
  /** Bytes of input. */
  readonly bytesIn: number;
  /** Bytes of output, which need not have been seen yet. */
  readonly bytesOut: number;
}

/** The size of a console's screen in character cells. */
export interface ConsoleSize {
  /** Cells in a row, at least 1. */
  readonly columns: number;
  /** Rows, at least 1. */
  readonly rows: number;
}

/**
 * A text terminal, lines and bytes both ways. Text is UTF-8; a `\n` starts a new line at column 0.
 *
 * Output keeps the order of the calls. Input goes to one reader at a time.
 *
 * @see Mirage V1.CONSOLE
 */
export interface Console extends Device {
  /** What went in and out. */
  readonly counters: ConsoleCounters;

  /**
   * The screen's size now, at least 1 × 1, or `undefined` where there is no screen (a pipe, a log)
   * or none yet: a page shows its own a moment after the unikernel has started, which is a change
   * of size.
   */
  readonly size: ConsoleSize | undefined;

  /**
   * Writes text or UTF-8 bytes as they are, escape sequences included. Bytes are *borrowed*.
   * Resolves when the console has room for more: the bytes are then in the host's hands in order,
   * not yet seen. Awaiting it is what bounds memory; not awaiting it loses nothing.
   *
   * @throws {ConsoleError} `closed`, also when whoever read the output has gone
   * @see Mirage V1.CONSOLE.write
   */
  write(data: string | Uint8Array): Promise<void>;

  /**
   * Writes a line: `text` and `\n`, in one piece. Resolves as {@link Console.write}.
   *
   * @throws {ConsoleError} `closed`
   * @see Mirage V1.CONSOLE.log_s
   */
  writeLine(text: string): Promise<void>;

  /**
   * Reads the next input as it was typed: no echo, no editing, an Enter is `\r`. The bytes are
   * *fresh* and at least one. `undefined` is the end of input, for this call and all later ones.
   * Input typed while nobody reads is kept, up to a bound the driver states.
   *
   * @throws {ConsoleError} `input-busy` if another read is waiting; `closed`
   * @throws the signal's reason, when it aborts; no input is lost
   * @see Mirage V1.CONSOLE.read
   */
  read(signal?: AbortSignal): Promise<Uint8Array | undefined>;

  /**
   * Reads a line without its end. On a screen the person sees and edits it (Backspace, Ctrl-U and
   * Ctrl-W) until Enter; Ctrl-D on an empty line is the end of input, which is `undefined`. A last
   * line without an end is a line.
   *
   * @throws {ConsoleError} `input-busy` if another read is waiting; `closed`
   * @throws the signal's reason, when it aborts; the driver may keep what was typed of the line
   */
  readLine(signal?: AbortSignal): Promise<string | undefined>;

  /**
   * Calls `listener` after each change of {@link Console.size}, and never before `onResize`
   * returns. Returns the function that stops it.
   */
  onResize(listener: (size: ConsoleSize) => void): () => void;
}

// ─── Clock ──────────────────────────────────────────────────────────────────────────────────────

/**
 * Monotonic time, wall time and waiting.
 *
 * @see Mirage_mtime.S, Mirage_ptime.S, Mirage_sleep.S
 */
export interface Clock extends Device {
  /**
   * Monotonic time in nanoseconds since an arbitrary origin that stays the same while the device
   * lives. Each reading is greater than the one before it, even where the host's clock is coarse.
   */
  monotonicNs(): bigint;

  /**
   * The same clock in milliseconds with a fraction: for deadlines and rates, where a `bigint` for
   * each reading is too dear. Strictly increasing too, together with {@link Clock.monotonicNs}.
   */
  monotonicMs(): number;

  /** Wall time: milliseconds since 1970-01-01T00:00:00Z. May jump either way. */
  wallMs(): number;

  /** The host's offset from UTC now, in minutes east of Greenwich, or `undefined` if unknown. */
  readonly timeZoneOffsetMinutes: number | undefined;

  /**
   * Resolves after at least `durationMs` milliseconds (0 or more; 0 lets other work go first).
   *
   * @throws the signal's reason, at once, when `signal` aborts; nothing then stays behind
   * @throws {ClockError} `closed`, also at once when the clock is disposed meanwhile
   * @throws {RangeError} for a negative or infinite duration, or NaN
   */
  sleep(durationMs: number, signal?: AbortSignal): Promise<void>;

  /**
   * Calls `wake` once, when {@link Clock.monotonicMs} has reached `deadlineMs`, never from inside
   * this call; for `Infinity`, and once the clock is disposed, never. Returns the function that
   * cancels it, which may be called again and later. For loops that own one timer and move it.
   *
   * @throws {RangeError} for NaN
   */
  wakeAt(deadlineMs: number, wake: () => void): () => void;
}

// ─── Random ─────────────────────────────────────────────────────────────────────────────────────

/**
 * Random bytes: cryptographic on real targets, seeded in simulation.
 *
 * @see Mirage_crypto_rng
 */
export interface Random extends Device {
  /**
   * Fills `into` (*borrowed*, any length) with random bytes and returns it. Synchronous and cannot
   * fail.
   */
  fill<Bytes extends Uint8Array>(into: Bytes): Bytes;

  /** An unsigned 32-bit integer, every value as likely. */
  uint32(): number;
}

// ─── Block ──────────────────────────────────────────────────────────────────────────────────────

/** Counters of a {@link Block}: sectors moved, and how many calls asked for them. */
export interface BlockCounters extends Readonly<Record<string, number>> {
  /** Sectors that reads gave. */
  readonly sectorsRead: number;
  /** Sectors that writes took. */
  readonly sectorsWritten: number;
  /** Calls of {@link Block.read} that were not refused. */
  readonly reads: number;
  /** Calls of {@link Block.write} that were not refused. */
  readonly writes: number;
  /** Calls of {@link Block.flush} that were not refused. */
  readonly flushes: number;
}

/** The characteristics of a block device. All but `sectorCount` stay the same while it lives. */
export interface BlockInfo {
  /** Whether writes are allowed. */
  readonly readWrite: boolean;
  /** Bytes in a sector: a power of two, at least 512. */
  readonly sectorBytes: number;
  /** Sectors on the device; grows only by {@link Block.grow}. */
  readonly sectorCount: number;
  /** Whether {@link Block.grow} may succeed. */
  readonly growable: boolean;
  /**
   * When a write is durable: `write`, when its promise resolves; `flush`, when a later
   * {@link Block.flush} resolves. `flush` is only ever a choice that the configuration made.
   */
  readonly durableAfter: "write" | "flush";
}

/**
 * A disk of sectors.
 *
 * **A resolved write is durable**: it survives whatever the driver's README names, at least a
 * killed tab or process. Operations may overlap in time; two that touch the same sector take effect
 * in the order of the calls, and a read sees every write called before it.
 *
 * @see Mirage_block.S
 */
export interface Block extends Device {
  /** What was read and written. */
  readonly counters: BlockCounters;

  /** What the device is. A new object after {@link Block.grow}. */
  readonly info: BlockInfo;

  /**
   * Fills `buffers`, in order, from sector `sector` on. Each buffer is a whole number of sectors,
   * and *borrowed*. A sector that was never written reads as zeros. An empty list reads nothing.
   * When it rejects, the contents of the buffers are unspecified.
   *
   * @throws {BlockError} `out-of-range`, `unaligned`, `closed`, `io`, `damaged`
   * @throws {RangeError} if `sector` is not a non-negative safe integer
   */
  read(sector: number, buffers: readonly Uint8Array[]): Promise<void>;

  /**
   * Writes `buffers`, in order, from sector `sector` on. Each buffer is a whole number of sectors,
   * and *borrowed*: it must not change until the promise settles. A write cannot be cancelled.
   *
   * Resolving means written, and durable as {@link BlockInfo.durableAfter} says. Rejecting with
   * `read-only`, `out-of-range`, `unaligned` or `closed` means nothing was written; with
   * `no-space` or `io`, each sector of the range holds either its old or its new contents.
   *
   * @throws {BlockError} `read-only`, `out-of-range`, `unaligned`, `closed`, `no-space`, `io`
   * @throws {RangeError} if `sector` is not a non-negative safe integer
   */
  write(sector: number, buffers: readonly Uint8Array[]): Promise<void>;

  /**
   * Resolves when every write that had resolved before the call is durable. Cheap where
   * `durableAfter` is `write`.
   *
   * @throws {BlockError} `closed`, `no-space`, `io`; what was not durable may then be lost
   */
  flush(): Promise<void>;

  /**
   * Makes the device `sectorCount` sectors long; new sectors read as zeros. Resolves when the new
   * size is durable. Never shrinks.
   *
   * @throws {BlockError} `read-only`, `no-space`, `closed`, `io`, and `out-of-range` where the
   *   device cannot grow so far; the size is then as before
   * @throws {RangeError} if `sectorCount` is less than the present one or not a safe integer
   */
  grow(sectorCount: number): Promise<void>;

  /**
   * Says that the contents of the sectors are no longer needed; they read as zeros or as before
   * until written again. A hint: resolving promises nothing. It keeps its place among overlapping
   * operations, as a write does: what is written after the call stays.
   *
   * @throws {BlockError} `read-only`, `out-of-range`, `closed`, and `no-space` or `io`, after which
   *   each sector reads as zeros or as before
   * @throws {RangeError} if `sector` or `sectorCount` is not a non-negative safe integer
   */
  discard(sector: number, sectorCount: number): Promise<void>;
}

// ─── Network ────────────────────────────────────────────────────────────────────────────────────

/** Counters of a {@link Network}. Bytes are of whole frames, header included, without FCS. */
export interface NetworkCounters extends Readonly<Record<string, number>> {
  /** Frames handed to the receiver. */
  readonly framesIn: number;
  /** Frames sent. */
  readonly framesOut: number;
  /** Bytes of the frames handed to the receiver. */
  readonly bytesIn: number;
  /** Bytes of the frames sent. */
  readonly bytesOut: number;
  /** Frames for us that were dropped: no listener, or no room. */
  readonly droppedIn: number;
  /** Frames of ours that were dropped: link down, or no room. */
  readonly droppedOut: number;
}

/** What a link may leave undone, as virtio-net names it. All zero or false: a plain Ethernet. */
export interface Offloads {
  /** Transport checksums need not be filled in: no bit can flip on the way. */
  readonly checksum: boolean;
  /**
   * The longest frame accepted, header included, that carries one TCP segment to be cut later; 0 if
   * frames are bounded by the MTU.
   */
  readonly segmentationBytes: number;
}

/** What a frame left undone. Both 0 or false is a plain frame. */
export interface FrameOffload {
  /** The transport checksum is not filled in and need not be checked. */
  readonly checksumOmitted: boolean;
  /** The TCP payload size to cut the frame into, in bytes; 0 if it is one frame. */
  readonly segmentBytes: number;
}

/** Receives what a {@link Network} hears. Both are called synchronously, and must not throw. */
export interface FrameReceiver {
  /**
   * Whether the receiver is done with each frame when `frame` returns. Frames are then *borrowed*,
   * and a driver may take their memory from a pool, or share it with another thread, so that they
   * must be copied for `TextDecoder`; one that does neither gives them all the same.
   */
  readonly borrows?: boolean;

  /**
   * One Ethernet frame without FCS: at least 14 bytes, at most the MTU and 14, or
   * {@link Offloads.segmentationBytes}. The frame is *given*, unless the receiver
   * {@link FrameReceiver.borrows}: it is the receiver's for good.
   * (It may be a view of a batch; copy it to keep it long, so that the batch can go.)
   * `offload` is only present on links that offer it.
   */
  frame(frame: Uint8Array, offload?: FrameOffload): void;

  /** The batch is over: the moment to answer everything in it at once. */
  batchEnd?(): void;
}

/**
 * Writes one frame into `into`, which is *borrowed*, and returns its length in bytes. It must not
 * call the network that called it. One function can serve all frames: it runs before `write`
 * returns.
 *
 * One that a protocol layer writes a payload with may say that it takes `start`: then it writes
 * from there on, behind the headers that the layers below write, which saves a view for each of
 * them. Its length is still only what it wrote itself.
 */
export type FrameWriter = (into: Uint8Array, start?: number) => number;

/**
 * An Ethernet interface. It may drop frames and never blocks: there is no promise on the data path.
 *
 * @see Mirage_net.S
 */
export interface Network extends Device {
  /** What was heard, sent and dropped. */
  readonly counters: NetworkCounters;

  /** The interface's MAC address: 6 bytes, unicast. *Borrowed*: not to be changed. */
  readonly mac: Uint8Array;

  /**
   * The longest payload of a frame in bytes, without the 14 bytes of its header. Stays the same
   * while the device lives. A VLAN tag is payload here: a trunk is a link whose MTU is 4 larger.
   */
  readonly mtu: number;

  /** What this link lets a sender leave undone. Stays the same while the device lives. */
  readonly offloads: Offloads;

  /** Whether the link is up. Frames written while it is down are dropped and counted. */
  readonly linkUp: boolean;

  /**
   * Sends one frame without FCS. `fill` is called once, synchronously, with room for exactly
   * `sizeBytes` bytes of the outgoing batch, zeroed by nobody, and returns how many it used; the
   * frame leaves with its batch, at the latest when the running task ends. Nothing is copied.
   * Returning means queued, not delivered; a frame that finds no room, or the link down, is dropped
   * and counted, and then `fill` is not called.
   *
   * @throws {NetworkError} `frame-too-long` if `sizeBytes` is over the MTU and 14 (or over what
   *   `offload` allows), `frame-too-short` if it or what `fill` returns is less than 14, `closed`.
   *   Nothing was sent.
   * @throws {RangeError} if `fill` returns more than `sizeBytes`, or `sizeBytes` is not a
   *   non-negative safe integer; nothing was sent
   * @throws {TypeError} if `offload` leaves undone what {@link Network.offloads} does not let
   */
  write(sizeBytes: number, fill: FrameWriter, offload?: FrameOffload): void;

  /**
   * Hands every frame heard from now on to `receiver`, in the order of arrival: those for our MAC,
   * for groups, and whatever else the link delivers (filtering is the protocol's). One receiver at
   * a time: a second call replaces the first. Frames heard before the first call are dropped and
   * counted.
   *
   * @throws {NetworkError} `closed`
   */
  listen(receiver: FrameReceiver): void;

  /**
   * Calls `listener` after each change of {@link Network.linkUp}. Returns the function that stops
   * it.
   */
  onLinkChange(listener: (linkUp: boolean) => void): () => void;
}

// ─── Key-value stores ───────────────────────────────────────────────────────────────────────────

/**
 * A key: its segments, from the root on. `[]` is the root dictionary. A segment is not empty, not
 * `.` or `..`, and holds neither `/` nor NUL.
 *
 * @see Mirage_kv.Key
 */
export type Key = readonly string[];

/** An entry of a dictionary. */
export interface KeyEntry {
  /** The last segment of the entry's key. */
  readonly name: string;
  /** What it names. */
  readonly kind: "value" | "dictionary";
}

/**
 * A read-only store from segmented keys to bytes. What is missing is `undefined`, not an error.
 *
 * @see Mirage_kv.RO
 */
export interface KeyValueRead extends Device {
  /**
   * Resolves to what `key` names, or `undefined`.
   *
   * @throws {KeyValueError} `invalid-key`, `closed`, `io`, `damaged`
   */
  exists(key: Key): Promise<"value" | "dictionary" | undefined>;

  /**
   * Resolves to the value at `key`, *fresh*, or `undefined`.
   *
   * @throws {KeyValueError} `value-expected` for a dictionary; `invalid-key`, `closed`, `io`,
   *   `damaged`
   */
  get(key: Key): Promise<Uint8Array | undefined>;

  /**
   * Resolves to at most `lengthBytes` bytes of the value from `offset` on, *fresh*: fewer where the
   * value ends, none past its end; `undefined` if there is no value.
   *
   * @throws {KeyValueError} as {@link KeyValueRead.get}
   * @throws {RangeError} if `offset` or `lengthBytes` is not a non-negative safe integer
   */
  getPartial(key: Key, offset: number, lengthBytes: number): Promise<Uint8Array | undefined>;

  /**
   * Resolves to the entries of the dictionary at `key`, sorted by name in code unit order, or
   * `undefined` if there is none. The root always exists.
   *
   * @throws {KeyValueError} `dictionary-expected` for a value; `invalid-key`, `closed`, `io`,
   *   `damaged`
   */
  list(key: Key): Promise<readonly KeyEntry[] | undefined>;

  /**
   * Resolves to the size of the value at `key` in bytes, or `undefined`.
   *
   * @throws {KeyValueError} as {@link KeyValueRead.get}
   */
  size(key: Key): Promise<number | undefined>;

  /**
   * Resolves to when the value, or anything below the dictionary, last changed: wall time in
   * milliseconds. `undefined` if there is nothing.
   *
   * @throws {KeyValueError} `invalid-key`, `closed`, `io`, `damaged`
   */
  lastModifiedMs(key: Key): Promise<number | undefined>;

  /**
   * Resolves to bytes that change whenever the value or anything below the dictionary changes, and
   * are the same for the same contents within one store; *fresh*, or `undefined` if there is
   * nothing.
   *
   * @throws {KeyValueError} `invalid-key`, `closed`, `io`, `damaged`
   */
  digest(key: Key): Promise<Uint8Array | undefined>;
}

/**
 * A store that can be written. Each operation is atomic and durable when it resolves; when it
 * rejects, the store is as before.
 *
 * @see Mirage_kv.RW
 */
export interface KeyValue extends KeyValueRead {
  /**
   * Sets the value at `key` (*borrowed*), and makes the dictionaries above it.
   *
   * @throws {KeyValueError} `value-expected` if `key` is a dictionary, `dictionary-expected` if a
   *   prefix is a value; `read-only`, `no-space`, `invalid-key`, `closed`, `io`, `damaged`
   */
  set(key: Key, value: Uint8Array): Promise<void>;

  /**
   * Overwrites the value from `offset` on with `bytes` (*borrowed*), growing it where needed; a gap
   * is zeros, and a missing value is empty.
   *
   * @throws {KeyValueError} as {@link KeyValue.set}
   * @throws {RangeError} if `offset` is not a non-negative safe integer
   */
  setPartial(key: Key, offset: number, bytes: Uint8Array): Promise<void>;

  /**
   * Removes the value or the whole dictionary at `key`; nothing there is no error. Dictionaries
   * that become empty go too. Removing the root empties the store.
   *
   * @throws {KeyValueError} `read-only`, `invalid-key`, `closed`, `io`, `damaged`, and `no-space`
   *   where the store has to write down that something is gone
   */
  remove(key: Key): Promise<void>;

  /**
   * Moves the value or dictionary at `from` to `to`, replacing a value there.
   *
   * @throws {KeyValueError} `not-found` if there is nothing at `from`; `value-expected` if `to` is
   *   a dictionary; `dictionary-expected` if a prefix of `to` is a value; `invalid-key` if `to`
   *   lies below `from`; `read-only`, `no-space`, `closed`, `io`, `damaged`
   */
  rename(from: Key, to: Key): Promise<void>;
}

// ─── File system ────────────────────────────────────────────────────────────────────────────────

/** An absolute path: `/`-separated, no `.` or `..`; the root is `/`. */
export type Path = string;

/** What a file system knows of a file or directory. */
export interface FileStatus {
  /** The last segment of its path; empty for the root. */
  readonly name: string;
  /** What it is. */
  readonly kind: "file" | "directory";
  /** Bytes; 0 for a directory. */
  readonly sizeBytes: number;
  /** Whether it must not be written, as the format says. */
  readonly readOnly: boolean;
  /** Wall time in milliseconds, to the precision of the format; `undefined` if it keeps none. */
  readonly lastModifiedMs: number | undefined;
}

/**
 * Files and directories on a disk. What changes them is durable when it resolves.
 *
 * Every operation may fail with `closed`, `io`, or `damaged` where what is on the disk contradicts
 * itself, and with `invalid-name` for what is no path. An offset or length that is not a
 * non-negative safe integer is a `RangeError`.
 *
 * @see Mirage V1.FS
 */
export interface FileSystem extends Device {
  /**
   * Resolves to the bytes of a file from `offset` on, at most `lengthBytes`, *fresh*: fewer at its
   * end.
   *
   * @throws {FileSystemError} `not-found`, `is-a-directory`, `not-a-directory`
   */
  read(path: Path, offset: number, lengthBytes: number): Promise<Uint8Array>;

  /**
   * Writes `bytes` (*borrowed*) into an existing file at `offset`, growing it where needed; a gap
   * is zeros. When it rejects with `no-space` or `io`, bytes of the range may be old or new.
   *
   * @throws {FileSystemError} `not-found`, `is-a-directory`, `not-a-directory`, `no-space`,
   *   `read-only`
   */
  write(path: Path, offset: number, bytes: Uint8Array): Promise<void>;

  /**
   * Cuts or extends (with zeros) a file to `sizeBytes`.
   *
   * @throws {FileSystemError} as {@link FileSystem.write}
   */
  truncate(path: Path, sizeBytes: number): Promise<void>;

  /**
   * Creates an empty file.
   *
   * @throws {FileSystemError} `already-exists`, `not-found` if the directory above is missing,
   *   `not-a-directory`, `invalid-name` for a name that the format cannot hold, `no-space`,
   *   `read-only`
   */
  create(path: Path): Promise<void>;

  /**
   * Creates an empty directory.
   *
   * @throws {FileSystemError} as {@link FileSystem.create}
   */
  makeDirectory(path: Path): Promise<void>;

  /**
   * Removes a file or an empty directory.
   *
   * @throws {FileSystemError} `not-found`, `directory-not-empty`, `not-a-directory`, `read-only`
   */
  remove(path: Path): Promise<void>;

  /**
   * Moves a file or directory; a file at `to` is replaced.
   *
   * @throws {FileSystemError} `not-found`, `already-exists` if `to` is a directory, `invalid-name`
   *   if `to` lies below `from` or cannot be stored, `no-space`, `read-only`
   */
  rename(from: Path, to: Path): Promise<void>;

  /**
   * Resolves to what is at `path`.
   *
   * @throws {FileSystemError} `not-found`, `not-a-directory`
   */
  status(path: Path): Promise<FileStatus>;

  /**
   * Resolves to the entries of a directory, in the order of the format.
   *
   * @throws {FileSystemError} `not-found`, `not-a-directory`
   */
  list(path: Path): Promise<readonly FileStatus[]>;

  /** Resolves to the free and the total room in bytes. */
  space(): Promise<{ readonly freeBytes: number; readonly totalBytes: number }>;
}

// ─── Flow ───────────────────────────────────────────────────────────────────────────────────────

/**
 * A byte stream with a peer: a TCP connection, a TLS session, a pipe.
 *
 * Chunks and promises rather than web streams, which cost 5–10 µs a chunk in Chromium;
 * {@link Flow.readable} and {@link Flow.writable} are made on first use for everything that pipes.
 *
 * @see Mirage_flow.S
 */
export interface Flow extends Device {
  /**
   * Resolves to the next bytes, *fresh* and at least one, or `undefined` at the end of the stream
   * (the peer shut down writing). One read at a time.
   *
   * @throws {FlowError} `reset`, `timed-out`, `malformed`, `closed`; later reads reject the same
   */
  read(signal?: AbortSignal): Promise<Uint8Array | undefined>;

  /**
   * Writes `bytes`, any number, which are *given*: they must not be changed afterwards. Resolves
   * when the flow has room for more, which is not when the peer has them. Writes keep their order.
   *
   * @throws {FlowError} `closed` after {@link Flow.shutdown}, `reset`, `timed-out`; later writes
   *   reject the same, and how much the peer received is unknown
   */
  write(bytes: Uint8Array): Promise<void>;

  /**
   * Shuts down one direction or both. `write`: what was written is still delivered, then the peer
   * sees the end of the stream (FIN). `read`: input is discarded and reads give `undefined`.
   * Resolves when that is queued; never rejects.
   */
  shutdown(direction: "read" | "write" | "both"): Promise<void>;

  /** Drops the flow at once, both ways; the peer sees an abort (RST). Does nothing when closed. */
  abort(): void;

  /**
   * Lets go of the flow: shuts down both directions, so that what was written is still delivered,
   * as far as the peer takes it. Input that nobody read makes it an abort (RFC 1122, 4.2.2.13).
   */
  [Symbol.asyncDispose](): Promise<void>;

  /** The flow's input as a web stream; taking it hands reading over to the stream. */
  readonly readable: ReadableStream<Uint8Array>;

  /** The flow's output as a web stream; closing it shuts down writing, aborting it aborts. */
  readonly writable: WritableStream<Uint8Array>;
}

// ─── Protocol layers ────────────────────────────────────────────────────────────────────────────
//
// Layers are synchronous inside: a segment goes up by direct calls inside `FrameReceiver.frame`,
// and answers leave in the batch of `Network.write`. Addresses between layers are bytes in network
// order (6 for a MAC, 4 for IPv4, 16 for IPv6), borrowed; only the faces of `Stack` take text.

/** Where a connection or datagram goes to or comes from: an address as text, and a port 0–65535. */
export interface Endpoint {
  /**
   * `10.0.0.1` or `fe80::1`; where a name is allowed, the member says so. It has no zone (RFC
   * 4007): a stack has one link.
   */
  readonly address: string;
  /** 0–65535. */
  readonly port: number;
}

/**
 * Receives what a frame carries, and what the frame left undone, where the link offers that. All
 * are *borrowed* until it returns, and it must not throw.
 */
export type PayloadReceiver = (
  payload: Uint8Array,
  source: Uint8Array,
  destination: Uint8Array,
  offload: FrameOffload | undefined,
) => void;

/**
 * Sends and receives by MAC address and EtherType over one {@link Network}.
 *
 * @see Ethernet.S of mirage-tcpip; IEEE 802.3
 */
export interface Ethernet extends Device {
  /** Our address: 6 bytes, *borrowed*. */
  readonly mac: Uint8Array;

  /** The longest payload in bytes. */
  readonly mtu: number;

  /** What the link lets us leave undone. */
  readonly offloads: Offloads;

  /**
   * Sends a frame to `destination` (6 bytes, *borrowed*). `fill` writes the payload, at most
   * `sizeBytes`, as in {@link Network.write}; short frames are padded where the link needs it. With
   * `takesStart`, `fill` may be told where to begin.
   *
   * @throws {NetworkError} as {@link Network.write}
   */
  write(
    destination: Uint8Array,
    etherType: number,
    sizeBytes: number,
    fill: FrameWriter,
    offload?: FrameOffload,
    takesStart?: boolean,
  ): void;

  /**
   * Hands payloads of `etherType` (0x0600–0xffff) for us or a group to `receiver`; one receiver
   * each, and `undefined` stops it.
   *
   * @throws {NetworkError} `closed`
   */
  listen(etherType: number, receiver: PayloadReceiver | undefined): void;

  /** Calls `listener` at the end of each received batch. Returns the function that stops it. */
  onBatchEnd(listener: () => void): () => void;
}

/**
 * Finds MAC addresses of IPv4 neighbours.
 *
 * @see Arp.S of arp; RFC 826, RFC 5227
 */
export interface Arp extends Device {
  /**
   * Finds the MAC address of `address` (4 bytes, *borrowed*) and hands it (6 bytes, *borrowed*) to
   * `found`, at once if it is known, else when it answers; with `undefined` if nobody does in time,
   * or once the device is disposed.
   */
  query(address: Uint8Array, found: (mac: Uint8Array | undefined) => void): void;

  /**
   * Claims `address` (4 bytes, copied): probes, then announces and answers for it. Resolves when it
   * can be used.
   *
   * @throws {ProtocolError} `address-conflict` if another host has it, `closed`
   * @see RFC 5227, 2.1
   */
  claim(address: Uint8Array): Promise<void>;

  /** Stops answering for `address` (4 bytes, *borrowed*). */
  release(address: Uint8Array): void;

  /** Our claimed addresses, 4 bytes each; a new array after each change. */
  readonly addresses: readonly Uint8Array[];
}

/** Options of one packet that an {@link Ip} layer sends. */
export interface PacketOptions {
  /** Our address to send from, *borrowed*; by default the one that the route prefers. */
  readonly source?: Uint8Array;
  /** Time to live or hop limit, 1–255; by default 64, or what a router of IPv6 says. */
  readonly timeToLive?: number | undefined;
  /** Whether to forbid fragmentation; off by default. */
  readonly dontFragment?: boolean;
  /** Differentiated services and ECN byte; 0 by default. */
  readonly trafficClass?: number;
  /** Options of an IPv4 header, *borrowed*, where the layer sends any (RFC 1122, 3.2.1.8). */
  readonly ipOptions?: Uint8Array | undefined;
  /** What the payload left undone, as far as {@link Ip.offloads} lets it. */
  readonly offload?: FrameOffload;
  /** Whether the writer of the payload may be told where to begin; off by default. */
  readonly takesStart?: boolean;
  /**
   * Who on the link takes it, 6 bytes, *borrowed*: nobody is asked who has the destination. For a
   * host that does not answer for its address yet (RFC 2131, 4.1). IPv4 only; others ignore it.
   */
  readonly linkAddress?: Uint8Array;
}

/**
 * A packet for us, reassembled. *Borrowed*, and the object itself too: a layer may use one for all.
 */
export interface ReceivedPacket {
  /** What follows its header, and the extension headers of IPv6. */
  readonly payload: Uint8Array;
  /** 4 or 16 bytes. */
  readonly source: Uint8Array;
  /** An address of ours, a broadcast address or a group. */
  readonly destination: Uint8Array;
  /** Time to live or hop limit as it arrived, 0–255: 255 has crossed no router (RFC 4861, 6.1). */
  readonly timeToLive: number;
  /** Differentiated services and ECN byte. */
  readonly trafficClass: number;
  /** The packet from its IP header on, for errors that quote it; of fragments, the first. */
  readonly bytes: Uint8Array;
  /** The options of its IPv4 header, if it has any. */
  readonly ipOptions?: Uint8Array | undefined;
  /** Where the payload begins in `bytes`, of which it is the rest; not there for fragments. */
  readonly payloadStart?: number | undefined;
  /** What its frame left undone. */
  readonly offload: FrameOffload | undefined;
}

/** Receives a packet. It must not throw. */
export type PacketReceiver = (packet: ReceivedPacket) => void;

/**
 * The Internet layer, of one version.
 *
 * @see Tcpip.Ip.S; RFC 791, RFC 8200
 */
export interface Ip extends Device {
  /** The version, and with it the length of addresses: 4 or 16 bytes. */
  readonly version: 4 | 6;

  /** Our addresses with prefix lengths, as text (`10.0.0.2/24`); a new array after each change. */
  readonly addresses: readonly string[];

  /** What the link lets a transport leave undone. */
  readonly offloads: Offloads;

  /**
   * Sends a packet to `destination` (4 or 16 bytes, *borrowed*). `fill` writes the payload as in
   * {@link Network.write}, before this returns or never: a packet waits, among a bounded number,
   * for the address of its next hop.
   *
   * @throws {ProtocolError} `no-route`, `too-large` where fragmentation is forbidden, `closed`;
   *   nothing was sent
   * @throws {RangeError} if the time to live is not 1 to 255
   */
  write(
    destination: Uint8Array,
    protocol: number,
    sizeBytes: number,
    fill: FrameWriter,
    options?: PacketOptions,
  ): void;

  /**
   * Hands packets of `protocol` (0–255) for our addresses and the groups we joined to `receiver`;
   * one receiver each, and `undefined` stops it.
   *
   * @throws {ProtocolError} `closed`
   */
  listen(protocol: number, receiver: PacketReceiver | undefined): void;

  /** Calls `listener` at the end of each received batch. Returns the function that stops it. */
  onBatchEnd(listener: () => void): () => void;

  /**
   * Joins a group (4 or 16 bytes, copied), and tells the routers and switches (RFC 3376, RFC 3810).
   * Returns the function that leaves it; the group is left when all who joined it have left.
   *
   * @throws {ProtocolError} `closed`
   */
  join(group: Uint8Array): () => void;

  /** The longest payload in bytes that reaches `destination` unfragmented, as far as is known. */
  pathPayloadBytes(destination: Uint8Array): number;

  /**
   * The address we would send from to `destination`, *borrowed*, or `undefined` without a route.
   */
  sourceFor(destination: Uint8Array): Uint8Array | undefined;

  /**
   * A transport tells whether what we send to `destination` (*borrowed*) gets there. If it does,
   * its next hop need not be asked; if not, it is asked soon, and another may take its place.
   *
   * @see RFC 1122, 3.3.1.4; RFC 4861, 7.3.1
   */
  advise?(destination: Uint8Array, isReached: boolean): void;
}

/** The answer to an echo request. */
export interface EchoReply {
  /** Who answered, as text. */
  readonly address: string;
  /** Time from the request to the reply, in milliseconds with a fraction. */
  readonly roundTripMs: number;
  /** Bytes that came back. */
  readonly payloadBytes: number;
  /** Time to live or hop limit as the reply arrived, 0–255. */
  readonly timeToLive: number;
}

/** What a router or host reported about a packet of ours. The arrays are *borrowed*. */
export interface IcmpReport {
  /** Who reported it: 4 or 16 bytes. */
  readonly source: Uint8Array;
  /** The type, in the numbers of this version of IP, the unknown ones too. */
  readonly type: number;
  /** The code of that type, as it came. */
  readonly code: number;
  /** The word after the checksum: the MTU of the next hop (RFC 1191, RFC 8201), or a pointer. */
  readonly parameter: number;
  /** What was quoted of our packet, from its IP header on: all of the header at least. */
  readonly packet: Uint8Array;
}

/**
 * Echo and the errors of the Internet layer, both versions.
 *
 * @see Icmpv4.S; RFC 792, RFC 4443
 */
export interface Icmp extends Device {
  /**
   * Sends an echo request with `payloadBytes` bytes (56 by default) to `address` and resolves to
   * its reply.
   *
   * @throws {ProtocolError} `timed-out` after `timeoutMs` (1,000 by default), `unreachable`,
   *   `no-route`, `too-large`, `closed`
   * @throws the signal's reason, when it aborts
   */
  echo(
    address: string,
    options?: {
      readonly payloadBytes?: number;
      readonly timeToLive?: number;
      readonly timeoutMs?: number;
      readonly signal?: AbortSignal;
    },
  ): Promise<EchoReply>;

  /**
   * Calls `listener` with each report about a packet that came from an address of ours; whether the
   * packet was really sent is the listener's to check. Returns the function that stops it.
   */
  onReport(listener: (report: IcmpReport) => void): () => void;

  /**
   * Reports to its source what became of `packet` (from its IP header on, *borrowed*). Nothing is
   * sent about what must not be answered (RFC 1122, 3.2.2; RFC 4443, 2.4), nor more often than a
   * limit.
   */
  report(packet: Uint8Array, type: number, code: number, parameter?: number): void;
}

/** A datagram that was received. */
export interface Datagram {
  /** Its payload; {@link UdpSocket.receive} and {@link UdpSocket.listen} say whose it is. */
  readonly bytes: Uint8Array;
  /** Who sent it. */
  readonly from: Endpoint;
  /** The address it was sent to, as text: one of ours, a broadcast address or a group. */
  readonly to: string;
  /** Time to live or hop limit as it arrived, 0–255. */
  readonly timeToLive: number;
  /** The options of its IPv4 header, if it has any; whose they are is as with its payload. */
  readonly ipOptions?: Uint8Array | undefined;
}

/** A bound UDP port. */
export interface UdpSocket extends Device {
  /** Our address, unspecified for all of ours, and the port that was bound. */
  readonly local: Endpoint;

  /**
   * Sends a datagram (*borrowed*, at most 65,507 bytes) to `to`, whose address is text and may be a
   * broadcast address or a group. May be dropped.
   *
   * @throws {ProtocolError} `no-route`, also if `source` is not ours; `too-large`, `closed`
   */
  send(
    datagram: Uint8Array,
    to: Endpoint,
    options?: {
      /** Our address to send from. */
      readonly source?: string;
      /** 1–255; by default 1 to a group, else as in {@link PacketOptions}. */
      readonly timeToLive?: number;
      readonly trafficClass?: number;
      /** As in {@link PacketOptions}. */
      readonly ipOptions?: Uint8Array;
    },
  ): void;

  /**
   * Resolves to the next datagram, *fresh*, or `undefined` once disposed. Those that arrive while
   * nobody reads are kept up to a bound, then dropped and counted.
   *
   * @throws {ProtocolError} `refused` when the peer answered a datagram so
   * @throws the signal's reason, when it aborts
   */
  receive(signal?: AbortSignal): Promise<Datagram | undefined>;

  /**
   * Hands datagrams to `receiver` instead, *borrowed*, without a promise for each. It must not
   * throw; a second call replaces the first.
   *
   * @throws {ProtocolError} `closed`
   */
  listen(receiver: (datagram: Datagram) => void): void;

  /**
   * Receives what is sent to a group's address, as text, too. Returns the function that leaves it.
   *
   * @throws {ProtocolError} `no-route` if there is no link for its family, `closed`
   * @see Ip.join
   */
  join(group: string): () => void;
}

/**
 * Datagrams.
 *
 * @see Tcpip.Udp.S; RFC 768
 */
export interface Udp extends Device {
  /**
   * Binds a port (0 picks a free one) on `address`, or on all of ours.
   *
   * @throws {ProtocolError} `address-in-use`, `no-route` if `address` is not ours, `closed`
   * @throws {RangeError} if `port` is not a whole number 0–65535
   */
  bind(port: number, options?: { readonly address?: string }): UdpSocket;
}

/**
 * What TCP tells of a connection while it goes on:
 *
 * - `unreachable`: a router or host says that the peer cannot be reached, which may pass
 * - `unanswered`: nothing has come back after three retransmissions
 * - `urgent`: the peer calls data urgent that was not read yet, or more of it
 *
 * @see RFC 9293, 3.9.1.8
 */
export type TcpReport = "unreachable" | "unanswered" | "urgent";

/** Options of a TCP connection, each for one side of it. */
export interface TcpOptions {
  /** Sends small segments at once instead of gathering them (RFC 896); off by default. */
  readonly noDelay?: boolean;
  /** Idle time before keep-alive probes, in milliseconds (RFC 9293, 3.8.4); none by default. */
  readonly keepAliveMs?: number;
  /** How long sent data may stay unacknowledged, in milliseconds (RFC 5482); 300,000 by default. */
  readonly userTimeoutMs?: number;
  /** The most that the receive buffer may grow to, in bytes. */
  readonly receiveBufferBytes?: number;
  /** The most that the send buffer may grow to, in bytes. */
  readonly sendBufferBytes?: number;
  /** Time to live or hop limit of its packets, 1–255; by default as in {@link PacketOptions}. */
  readonly timeToLive?: number;
  /** Differentiated services byte of its packets; 0 by default. */
  readonly trafficClass?: number;
  /**
   * Options of the IPv4 headers of its packets, as in {@link PacketOptions}; by default what leads
   * back the way that the peer's first packet came, if that had a source route.
   */
  readonly ipOptions?: Uint8Array | undefined;
  /** Is told at once what goes on with the connection to `remote`. It must not throw. */
  readonly onReport?: (report: TcpReport, remote: Endpoint) => void;
}

/** An established TCP connection; its counter `urgentBytes` is what is urgent and not read yet. */
export interface TcpFlow extends Flow {
  /** Our end. */
  readonly local: Endpoint;
  /** The peer's end. */
  readonly remote: Endpoint;

  /**
   * Gives back bytes that {@link Flow.read} gave, to be filled again; they must not be touched
   * afterwards. Nobody has to, but a fresh buffer costs a browser more time than to copy into it.
   */
  recycle?(bytes: Uint8Array): void;

  /**
   * Writes as {@link Flow.write}, and calls what was written so far urgent. The data stays in its
   * place, and many middle boxes take the mark off: nothing new should need it (RFC 6093).
   *
   * @throws {FlowError} as {@link Flow.write}
   */
  writeUrgent?(bytes: Uint8Array): Promise<void>;
}

/** A listening TCP port; disposing it refuses new connections and leaves established ones. */
export interface TcpListener extends Device {
  /** Our address, unspecified for all of ours, and the port that was picked. */
  readonly local: Endpoint;
}

/**
 * Reliable byte streams.
 *
 * @see Tcpip.Tcp.S; RFC 9293
 */
export interface Tcp extends Device {
  /**
   * Connects to `to`, whose address is text, and resolves when the connection is established.
   * `address` is ours to connect from, by default the one that the route prefers.
   *
   * @throws {ProtocolError} `refused`, `timed-out`, `unreachable`, `no-route` (also if `address` is
   *   not ours, or `to` is a group or a broadcast), `no-buffer`, `closed`
   * @throws {RangeError} if the port, or a number among the options, makes no sense
   * @throws the signal's reason, when it aborts before
   */
  connect(
    to: Endpoint,
    options?: TcpOptions & { readonly address?: string; readonly signal?: AbortSignal },
  ): Promise<TcpFlow>;

  /**
   * Accepts connections on a port (0 picks a free one) and hands each to `accept`, which owns it.
   * An error that `accept` throws or rejects with aborts that connection alone.
   *
   * @throws {ProtocolError} `address-in-use`, `no-route` if the address is not ours, `closed`
   * @throws {RangeError} if `port` is not a whole number 0–65535, or a number among the options makes
   *   no sense
   */
  listen(
    port: number,
    accept: (flow: TcpFlow) => void | Promise<void>,
    options?: TcpOptions & { readonly address?: string; readonly backlog?: number },
  ): TcpListener;
}

/**
 * Everything that most unikernels need of a network, configured.
 *
 * @see Tcpip.Stack.V4V6
 */
export interface Stack extends Device {
  /** The layers below, as far as they are ours: over a host's own sockets there are none. */
  readonly ip: { readonly v4: Ip | undefined; readonly v6: Ip | undefined };
  /** Echo and errors, where the layers below are ours. */
  readonly icmp: Icmp | undefined;
  /** Datagrams, over both versions. */
  readonly udp: Udp;
  /** Byte streams, over both versions. */
  readonly tcp: Tcp;
  /** Finds the addresses that {@link Stack.connect} tries. */
  readonly resolver: Resolver;

  /** Our addresses with prefix lengths, both versions, as text; a new array after each change. */
  readonly addresses: readonly string[];

  /**
   * Calls `listener` after each change of {@link Stack.addresses}. Returns the function that stops
   * it.
   */
  onAddressesChange(listener: (addresses: readonly string[]) => void): () => void;

  /**
   * Resolves when the stack has an address that can be used, of each version of IP that it speaks.
   *
   * @throws {ProtocolError} `address-conflict`, `timed-out` when the network configures nobody,
   *   `closed`
   * @throws the signal's reason, when it aborts
   */
  configured(signal?: AbortSignal): Promise<void>;

  /**
   * Connects to a host by address or name, trying its addresses as RFC 8305 says.
   *
   * @throws {ProtocolError} as {@link Tcp.connect}, for the last address tried
   * @throws {ResolverError} as {@link Resolver.resolve}
   * @throws the signal's reason, when it aborts before
   */
  connect(
    host: string,
    port: number,
    options?: TcpOptions & { readonly signal?: AbortSignal },
  ): Promise<TcpFlow>;
}

// ─── Services on a stack ────────────────────────────────────────────────────────────────────────

/** How long a record of the Domain Name System may be kept. */
export interface RecordLifetime {
  /** Seconds from its arrival on; 0 is for now only. */
  readonly ttlSeconds: number;
}

/**
 * What records of the Domain Name System say, by type; names and addresses are text, bytes *fresh*.
 *
 * @see RFC 1035, 3.3; RFC 3596; RFC 2782 (SRV)
 */
export interface ResourceRecords {
  /** An IPv4 address. */
  readonly A: { readonly address: string };
  /** An IPv6 address. */
  readonly AAAA: { readonly address: string };
  /** The name that this one is an alias of. */
  readonly CNAME: { readonly target: string };
  /** A name server of the zone. */
  readonly NS: { readonly target: string };
  /** The name that an address leads back to. */
  readonly PTR: { readonly target: string };
  /** A mail server; the lowest preference (0–65535) comes first. */
  readonly MX: { readonly preference: number; readonly target: string };
  /** Up to 255 bytes each. */
  readonly TXT: { readonly texts: readonly Uint8Array[] };
  /** Where a service is; the lowest priority comes first, and weights share the load of one. */
  readonly SRV: {
    readonly priority: number;
    readonly weight: number;
    readonly port: number;
    readonly target: string;
  };
}

/**
 * Finds addresses of names, and what else is known of them.
 *
 * @see Dns_client; RFC 1034, RFC 1035
 */
export interface Resolver extends Device {
  /**
   * Resolves a name to addresses as text, best first, at least one; an address resolves to itself.
   *
   * @throws {ResolverError} `invalid-name`, `not-found`, `server-failure`, `timed-out`,
   *   `no-servers`, `closed`
   * @throws the signal's reason, when it aborts
   */
  resolve(
    name: string,
    options?: { readonly family?: 4 | 6; readonly signal?: AbortSignal },
  ): Promise<readonly string[]>;

  /**
   * Resolves to the records of one type at a name, at least one, aliases followed.
   *
   * @throws {ResolverError} as {@link Resolver.resolve}
   * @throws the signal's reason, when it aborts
   */
  records<Type extends keyof ResourceRecords>(
    name: string,
    type: Type,
    signal?: AbortSignal,
  ): Promise<readonly (ResourceRecords[Type] & RecordLifetime)[]>;
}

/** What a handler can know and do of a request beside what it asks. */
export interface HttpConnection {
  /** Where it was asked. */
  readonly local: Endpoint;
  /** Who asked: the last proxy, if there is one. */
  readonly remote: Endpoint;
  /** The version of HTTP in which it was asked. */
  readonly httpVersion: "1.0" | "1.1";

  /**
   * Answers 101 with `headers`, which name the protocol, and resolves to the connection, which the
   * caller owns from then on. What the handler then returns is ignored; if it throws, the connection
   * is aborted.
   *
   * @throws {HttpError} `malformed` if the request asks for no upgrade or has a body that was not read,
   *   `closed` if it was answered
   * @throws {TypeError} if a field is not allowed
   * @throws {FlowError} as {@link Flow.write}
   * @see RFC 9110, 7.8; RFC 6455, 4.2.2
   */
  upgrade(headers: Headers): Promise<Flow>;
}

/**
 * Answers a request, with the web's own types. Its headers are all that arrived, also those that a
 * browser's own would not have, and all that a response has are sent, cookies too. The request's
 * signal aborts when the client goes away, or sends nothing more; its body must be read before the
 * answer is over. `undefined` is an answer only after {@link HttpConnection.upgrade}.
 */
export type HttpHandler = (
  request: Request,
  connection: HttpConnection,
) => Response | undefined | Promise<Response | undefined>;

/**
 * Serves HTTP.
 *
 * @see Cohttp_mirage.Server; RFC 9110
 */
export interface HttpServer extends Device {
  /**
   * Serves `handler` on a port (0 picks a free one). A handler that throws or rejects answers 500; a
   * body that fails cuts the connection off. Disposing what is returned stops accepting and finishes
   * the requests under way, in the time that the server gives them.
   *
   * @throws {ProtocolError} `address-in-use`, `closed`
   * @throws {RangeError} if `port` is not a whole number 0–65535
   */
  serve(port: number, handler: HttpHandler): TcpListener;
}

/**
 * Makes HTTP requests.
 *
 * @see Cohttp_mirage.Client; RFC 9110
 */
export interface HttpClient extends Device {
  /**
   * Sends a request and resolves to its response once the headers are there. The request's own
   * signal cancels it, the body included. An error status is a response, not an error.
   *
   * @throws {HttpError} `connection-failed` (its `cause` says why), `malformed`, `too-large`,
   *   `timed-out`, `too-many-redirects`, `closed`
   * @throws the request's signal's reason, when it aborts
   */
  fetch(request: Request): Promise<Response>;
}
