import type { Context } from "fata-morgana/config";
import {
  ProtocolError,
  ResolverError,
  type Clock,
  type Console,
  type Icmp,
  type Stack,
} from "fata-morgana/devices";

interface Arguments {
  readonly to: string | undefined;
  readonly count: number;
  readonly size: number;
}

/** As `ping` has it: some replies, none, or nothing that could be asked. */
const exitCodes = { replies: 0, silence: 1, failure: 2 } as const;

const headerBytes = 8;

export async function start(
  console: Console,
  stack: Stack,
  clock: Clock,
  { args, signal }: Context<Arguments>,
): Promise<number> {
  const { icmp } = stack;
  try {
    if (icmp === undefined) {
      await console.writeLine("Cannot ping: this stack is the system's own; try --net=…");
      return exitCodes.failure;
    }
    await stack.configured(signal);
    await console.writeLine(`I am ${stack.addresses.join(", ")}`);
    if (args.to === undefined) return await answer(console, stack, signal);
    const [address = ""] = await stack.resolver.resolve(args.to, { signal });
    return await ping(console, icmp, clock, address, args, signal);
  } catch (error) {
    if (!(error instanceof ProtocolError) && !(error instanceof ResolverError)) throw error;
    await console.writeLine(error.message);
    return exitCodes.failure;
  }
}

/** The stack answers by itself; it only has to be there. */
async function answer(console: Console, stack: Stack, signal: AbortSignal): Promise<number> {
  stack.onAddressesChange((addresses) => void console.writeLine(`I am ${addresses.join(", ")}`));
  await console.writeLine("Waiting to be pinged");
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  return exitCodes.replies;
}

async function ping(
  console: Console,
  icmp: Icmp,
  clock: Clock,
  address: string,
  { count, size }: Arguments,
  signal: AbortSignal,
): Promise<number> {
  await console.writeLine(`PING ${address}: ${size} data bytes`);
  const times: number[] = [];
  const last = count === 0 ? Infinity : count;
  let sent = 0;
  while (sent < last) {
    if (sent > 0) await clock.sleep(1000, signal);
    sent += 1;
    try {
      const reply = await icmp.echo(address, { payloadBytes: size, signal });
      times.push(reply.roundTripMs);
      const bytes = reply.payloadBytes + headerBytes;
      const took = `ttl=${reply.timeToLive} time=${reply.roundTripMs.toFixed(3)} ms`;
      await console.writeLine(`${bytes} bytes from ${reply.address}: icmp_seq=${sent} ${took}`);
    } catch (error) {
      // A reply that does not come is a result.
      const isResult = error instanceof ProtocolError && error.code !== "closed";
      if (!isResult) throw error;
      await console.writeLine(`icmp_seq=${sent} ${error.message}`);
    }
  }
  await console.writeLine(summary(address, sent, times));
  return times.length > 0 ? exitCodes.replies : exitCodes.silence;
}

function summary(address: string, sent: number, times: readonly number[]): string {
  const lossPercent = Math.round((100 * (sent - times.length)) / sent);
  const lines = [
    `--- ${address} ping statistics ---`,
    `${sent} packets transmitted, ${times.length} received, ${lossPercent}% packet loss`,
  ];
  if (times.length > 0) {
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    const figures = [Math.min(...times), mean, Math.max(...times)].map((ms) => ms.toFixed(3));
    lines.push(`rtt min/avg/max = ${figures.join("/")} ms`);
  }
  return lines.join("\n");
}
