/**
 * The errors of device operations: one class per signature, each with a closed union of codes.
 *
 * The codes are the contract; the message says what could not be done and why. An error crosses a
 * worker boundary as `{ name, code, message }` and is rebuilt on the other side from
 * {@link deviceErrors}, because structured clone drops the class, the name and the code.
 */

/** Codes of {@link ConsoleError}. */
export type ConsoleErrorCode =
  /** The console was disposed. */
  | "closed"
  /** Another read is waiting. */
  | "input-busy";

/** Codes of {@link ClockError}. `closed`: the clock was disposed. */
export type ClockErrorCode = "closed";

/** Codes of {@link BlockError}. See {@link Block} for what holds on the disk after each. */
export type BlockErrorCode =
  /** The device was disposed, or its backing went away for good. */
  | "closed"
  /** A write to a device that is read-only. Nothing was written. */
  | "read-only"
  /** A sector outside the device. Nothing was read or written. */
  | "out-of-range"
  /** A buffer that is not a whole number of sectors. Nothing was read or written. */
  | "unaligned"
  /** The backing storage is full. The write may be partial. */
  | "no-space"
  /** Another unikernel, tab or process owns the disk. */
  | "busy"
  /** The disk exists, but its size or sector size is not the configured one. */
  | "geometry"
  /** What describes the disk cannot be understood. Its sectors were left as they are. */
  | "damaged"
  /** The medium failed. A write may be partial. */
  | "io";

/** Codes of {@link NetworkError}. */
export type NetworkErrorCode =
  /** The device was disposed. */
  | "closed"
  /** The frame is shorter than an Ethernet header (14 bytes). */
  | "frame-too-short"
  /** The frame is longer than the header and the MTU. */
  | "frame-too-long"
  /** There is nothing to connect the device to on this target, or it did not answer. */
  | "unreachable";

/** Codes of {@link KeyValueError}. */
export type KeyValueErrorCode =
  /** The store was disposed, or its backing went away for good. */
  | "closed"
  /** A change to a store that is read-only. Nothing was changed. */
  | "read-only"
  /** A segment is empty, `.` or `..`, or holds `/` or NUL. */
  | "invalid-key"
  /** A value was expected and the key is a dictionary. */
  | "value-expected"
  /** A dictionary was expected and the key is a value. */
  | "dictionary-expected"
  /** Only `rename`: there is nothing at the source. */
  | "not-found"
  /** The backing storage is full. The store is as before. */
  | "no-space"
  /** What is stored contradicts itself. */
  | "damaged"
  /** The medium failed. */
  | "io";

/** Codes of {@link FileSystemError}, after the error set of MirageOS 1.0's `FS`. */
export type FileSystemErrorCode =
  /** The file system was disposed, or its disk was. */
  | "closed"
  /** The file, or all of the file system, must not be written. */
  | "read-only"
  /** There is nothing at the path, or a directory on the way is missing. */
  | "not-found"
  | "already-exists"
  /** A directory was expected, there or on the way, and it is a file. */
  | "not-a-directory"
  /** A file was expected, and it is a directory. */
  | "is-a-directory"
  | "directory-not-empty"
  /** What is no path, or a name that the format cannot hold. */
  | "invalid-name"
  /** The disk, or a table of the format, is full. */
  | "no-space"
  /** The disk holds no file system of this kind. */
  | "format-not-recognised"
  /** What is on the disk contradicts itself. */
  | "damaged"
  /** The disk failed. */
  | "io";

/** Codes of {@link FlowError}. */
export type FlowErrorCode =
  /** This side has shut down writing, or the flow was disposed. */
  | "closed"
  /** The peer aborted the flow (RST in TCP). */
  | "reset"
  /** The peer stopped answering. */
  | "timed-out"
  /** The bytes of an inner layer could not be decoded. */
  | "malformed";

/** Codes of {@link ProtocolError}: what a stack reports instead of a connection or an answer. */
export type ProtocolErrorCode =
  | "closed"
  /** The peer's host answered that nobody listens there. */
  | "refused"
  | "timed-out"
  /** A router or the peer's host reported that the destination cannot be reached. */
  | "unreachable"
  /** No route, or no address of the right family on this stack. */
  | "no-route"
  /** The local port is taken. */
  | "address-in-use"
  /** Another host on the link has this address (RFC 5227). */
  | "address-conflict"
  /** The datagram does not fit the path and must not be fragmented. */
  | "too-large"
  /** Tables or buffers are full. */
  | "no-buffer";

/** Codes of {@link ResolverError}. */
export type ResolverErrorCode =
  | "closed"
  | "invalid-name"
  /** NXDOMAIN, or no record of the type asked for (RFC 2308). */
  | "not-found"
  /** The servers failed or refused (SERVFAIL, REFUSED). */
  | "server-failure"
  | "timed-out"
  | "no-servers";

/** Codes of {@link HttpError}; a response with an error status is not an error. */
export type HttpErrorCode =
  | "closed"
  | "connection-failed"
  | "malformed"
  | "too-large"
  | "timed-out"
  | "too-many-redirects";

/**
 * Declares an error class whose `name` is fixed and whose `code` is one of `Code`.
 * A class per device, so that `instanceof` and `code` together say what failed.
 */
abstract class DeviceError<Code extends string> extends Error {
  readonly code: Code;

  constructor(code: Code, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A {@link Console} operation failed. */
export class ConsoleError extends DeviceError<ConsoleErrorCode> {
  override readonly name = "ConsoleError";
}

/** A {@link Clock} operation failed. */
export class ClockError extends DeviceError<ClockErrorCode> {
  override readonly name = "ClockError";
}

/** A {@link Block} operation failed. */
export class BlockError extends DeviceError<BlockErrorCode> {
  override readonly name = "BlockError";
}

/** A {@link Network} operation failed. */
export class NetworkError extends DeviceError<NetworkErrorCode> {
  override readonly name = "NetworkError";
}

/** A {@link KeyValue} or {@link KeyValueRead} operation failed. */
export class KeyValueError extends DeviceError<KeyValueErrorCode> {
  override readonly name = "KeyValueError";
}

/** A {@link FileSystem} operation failed. */
export class FileSystemError extends DeviceError<FileSystemErrorCode> {
  override readonly name = "FileSystemError";
}

/** A {@link Flow} operation failed. */
export class FlowError extends DeviceError<FlowErrorCode> {
  override readonly name = "FlowError";
}

/** An operation of a protocol layer or a {@link Stack} failed. */
export class ProtocolError extends DeviceError<ProtocolErrorCode> {
  override readonly name = "ProtocolError";
}

/** A {@link Resolver} operation failed. */
export class ResolverError extends DeviceError<ResolverErrorCode> {
  override readonly name = "ResolverError";
}

/** An {@link HttpServer} or {@link HttpClient} operation failed. */
export class HttpError extends DeviceError<HttpErrorCode> {
  override readonly name = "HttpError";
}

/** A constructor of one of the device errors, whatever its codes. */
export type DeviceErrorClass = new (code: never, message: string, options?: ErrorOptions) => Error;

/**
 * Every device error class by its name, so that a host can rebuild an error from another thread.
 */
export const deviceErrors: Readonly<Record<string, DeviceErrorClass>> = {
  ConsoleError,
  ClockError,
  BlockError,
  NetworkError,
  KeyValueError,
  FileSystemError,
  FlowError,
  ProtocolError,
  ResolverError,
  HttpError,
};
