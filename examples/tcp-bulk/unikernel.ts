import type { Context } from "fata-morgana/config";
import type { Clock, Console, Stack, TcpFlow } from "fata-morgana/devices";
import { Meter } from "./meter.ts";

interface Arguments {
  readonly connect: string | undefined;
  readonly port: number;
  readonly megabytes: number;
}

const chunkBytes = 65_536;

/** How often a sender asks whether the receiver is there by now. */
const retryMs = 250;

export async function start(
  console: Console,
  stack: Stack,
  clock: Clock,
  { args: { connect, port, megabytes }, signal }: Context<Arguments>,
): Promise<void> {
  await stack.configured(signal);
  if (connect === undefined) {
    await receive(console, stack, clock, port, signal);
    return;
  }
  await console.writeLine(`Sending to ${connect} port ${port}`);
  const flow = await reach(stack, clock, connect, port, signal);
  const meter = new Meter(console, clock);
  await send(flow, meter, megabytes > 0 ? megabytes * 1e6 : Infinity, signal);
  await meter.end("Sent");
}

/** Connects as soon as somebody listens: in a page both sides start at once. */
async function reach(
  stack: Stack,
  clock: Clock,
  host: string,
  port: number,
  signal: AbortSignal,
): Promise<TcpFlow> {
  for (;;) {
    try {
      return await stack.connect(host, port, { signal });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof Error && "code" in error && error.code === "refused")) throw error;
      await clock.sleep(retryMs, signal);
    }
  }
}

async function send(
  flow: TcpFlow,
  meter: Meter,
  byteCount: number,
  signal: AbortSignal,
): Promise<void> {
  // Written again and again: what is given to a flow must not change, and this does not.
  const chunk = new Uint8Array(chunkBytes).fill(0x2a);
  for (let count = 0; count < byteCount && !signal.aborted; count += chunkBytes) {
    const bytes = chunk.subarray(0, Math.min(chunkBytes, byteCount - count));
    await flow.write(bytes);
    await meter.count(bytes.length);
  }
  await flow.shutdown("write");
  // The end of the stream back says that the receiver has all of it.
  if (!signal.aborted) await flow.read(signal);
  await flow[Symbol.asyncDispose]();
}

async function receive(
  console: Console,
  stack: Stack,
  clock: Clock,
  port: number,
  signal: AbortSignal,
): Promise<void> {
  stack.tcp.listen(port, async (flow) => {
    await console.writeLine(`Receiving from ${flow.remote.address}`);
    const meter = new Meter(console, clock);
    try {
      for (let bytes = await flow.read(); bytes !== undefined; bytes = await flow.read()) {
        await meter.count(bytes.length);
        flow.recycle?.(bytes);
      }
    } catch (error) {
      await console.writeLine(`The sender is gone: ${String(error)}`);
    }
    await meter.end("Received");
    await flow[Symbol.asyncDispose]();
  });
  await console.writeLine(`Listening on ${stack.addresses.join(", ")}, port ${port}`);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
}
