import type { Context } from "fata-morgana/config";
import type { Clock, Console, Stack, TcpFlow } from "fata-morgana/devices";

interface Arguments {
  readonly connect: string | undefined;
  readonly port: number;
}

const chunkBytes = 16_384;
const sampleMs = 250;

/** How often to connect again, when nobody listens or the link was too bad. */
const retryMs = 500;

export async function start(
  console: Console,
  stack: Stack,
  clock: Clock,
  { args: { connect, port }, signal }: Context<Arguments>,
): Promise<void> {
  await stack.configured(signal);
  if (connect === undefined) {
    swallow(stack, port);
    await console.writeLine(`Listening on ${stack.addresses.join(", ")}, port ${port}`);
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
    return;
  }
  await console.writeLine(`Sending to ${connect} port ${port}`);
  while (!signal.aborted) {
    try {
      const flow = await stack.connect(connect, port, { signal });
      await Promise.race([pour(flow), show(flow, console, clock, signal)]);
    } catch (error) {
      signal.throwIfAborted();
      await console.writeLine(`Once more: ${String(error)}`);
      await clock.sleep(retryMs, signal);
    }
  }
}

/** Takes in all that comes, and throws it away. */
function swallow(stack: Stack, port: number): void {
  stack.tcp.listen(port, async (flow) => {
    for (let bytes = await flow.read(); bytes !== undefined; bytes = await flow.read()) {
      flow.recycle?.(bytes);
    }
    await flow[Symbol.asyncDispose]();
  });
}

async function pour(flow: TcpFlow): Promise<never> {
  const chunk = new Uint8Array(chunkBytes);
  for (;;) await flow.write(chunk);
}

/** Prints how the connection stands, four times a second; the page draws it. */
async function show(
  flow: TcpFlow,
  console: Console,
  clock: Clock,
  signal: AbortSignal,
): Promise<never> {
  let lastBytes = 0;
  let lastMs = clock.monotonicMs();
  for (;;) {
    await clock.sleep(sampleMs, signal);
    const { bytesOut = 0, flightBytes = 0, congestionWindowBytes = 0 } = flow.counters;
    const { retransmissions = 0, roundTripMicroseconds = 0 } = flow.counters;
    const nowMs = clock.monotonicMs();
    const rate = ((bytesOut - lastBytes) * 8) / 1000 / (nowMs - lastMs);
    [lastBytes, lastMs] = [bytesOut, nowMs];
    await console.writeLine(
      `rate ${rate.toFixed(1)} Mbit/s, window ${kilobytes(congestionWindowBytes)} kB, ` +
        `in flight ${kilobytes(flightBytes)} kB, round trip ` +
        `${(roundTripMicroseconds / 1000).toFixed(1)} ms, sent again ${retransmissions}`,
    );
  }
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(1);
}
