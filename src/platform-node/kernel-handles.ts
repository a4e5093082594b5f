/**
 * What the kernel can do and Node's own modules do not offer: waiting for any descriptor, binding a
 * TCP port before the call returns, telling a reset from an end. Node's handles can, which `process.binding` gives;
 * see docs/decisions/0017-handles-of-the-kernel.md.
 */

import { fstatSync, readSync } from "node:fs";
import type { Socket } from "node:net";

interface PipeHandle {
  open(fd: number): void;
}

/** A TCP socket that is not connected. Errors are negative numbers of the system. */
export interface TcpHandle {
  close(): void;
  bind(address: string, port: number): number;
  bind6(address: string, port: number, flags: number): number;
  listen(backlog: number): number;
  getsockname(into: { address?: string; port?: number }): number;
}

/** As far as it is used here. */
interface Bindings {
  binding(name: "pipe_wrap"): {
    readonly Pipe: new (type: number) => PipeHandle;
    readonly constants: { readonly SOCKET: number };
  };
  binding(name: "tcp_wrap"): {
    readonly TCP: new (type: number) => TcpHandle;
    readonly constants: { readonly SERVER: number };
  };
}

const bindings = process as unknown as Bindings;

/** The device number of `/dev/net/tun`: major 10, minor 200. */
const tunDevice = (10 << 8) | 200;

/**
 * Makes a stream's handle of a descriptor, which is *given*, for `new net.Socket({ handle })`.
 *
 * @throws {Error} if it is neither a TAP device nor a socket; with others, which cannot be waited
 *   for, Node would end the process
 */
export function openPipe(fd: number): object {
  const status = fstatSync(fd);
  if (!status.isSocket() && status.rdev !== tunDevice) {
    throw new Error(`descriptor ${fd} is neither a TAP device nor a socket`);
  }
  const { Pipe, constants } = bindings.binding("pipe_wrap");
  const pipe = new Pipe(constants.SOCKET);
  pipe.open(fd);
  return pipe;
}

/** Makes a TCP socket to listen with, for `net.Server.listen(handle)`. */
export function openTcp(): TcpHandle {
  const { TCP, constants } = bindings.binding("tcp_wrap");
  return new TCP(constants.SERVER);
}

/**
 * Tells the code of the error for which a connection ended, or `undefined` if its peer shut down:
 * Node takes a reset behind data for the end of the stream (libuv ends it at the hang-up), and the
 * kernel tells whoever reads once more. To be called in the event `end`.
 */
export function errorBehindEnd(socket: Socket): string | undefined {
  const { _handle: handle } = socket as unknown as { _handle: { readonly fd: number } | null };
  if (handle === null) return undefined;
  try {
    readSync(handle.fd, new Uint8Array(1));
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}
