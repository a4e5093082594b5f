/** Stacks of the kernel's own sockets, and connections between them, for the tests of these. */

import { onTestFinished } from "vitest";
import type { Stack, TcpFlow } from "../src/devices/index.ts";
import { connect } from "../src/platform-node/stack-sockets.ts";

export const loopback = "127.0.0.1";
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
export const textOf = (bytes: Uint8Array | undefined): string | undefined =>
  bytes && new TextDecoder().decode(bytes);

export function makeStack(): Stack {
  const stack = connect();
  onTestFinished(() => stack[Symbol.asyncDispose]());
  return stack;
}

/** Both ends of a connection. */
export async function flows(stack = makeStack()): Promise<[client: TcpFlow, server: TcpFlow]> {
  let accept = (_flow: TcpFlow): void => {};
  const accepted = new Promise<TcpFlow>((resolve) => (accept = resolve));
  const listener = stack.tcp.listen(0, (flow) => accept(flow), { address: loopback });
  const client = await stack.tcp.connect(listener.local);
  return [client, await accepted];
}

export async function readAll(flow: TcpFlow): Promise<string> {
  let text = "";
  for (let chunk = await flow.read(); chunk !== undefined; chunk = await flow.read()) {
    text += textOf(chunk);
  }
  return text;
}
