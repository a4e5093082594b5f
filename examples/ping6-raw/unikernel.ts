import type { Context } from "fata-morgana/config";
import { ProtocolError, type Clock, type Console, type Icmp, type Ip } from "fata-morgana/devices";

interface Arguments {
  readonly to: string;
  readonly count: number;
}

/** Pings once a second. To all nodes, the first that answers counts. */
export async function start(
  console: Console,
  ip: Ip,
  icmp: Icmp,
  clock: Clock,
  { args, signal }: Context<Arguments>,
): Promise<void> {
  await console.writeLine(`I am ${ip.addresses.join(", ")}`);
  let replies = 0;
  while (replies < args.count || args.count === 0) {
    try {
      const { address, roundTripMs } = await icmp.echo(args.to, { signal });
      replies += 1;
      await console.writeLine(`Reply from ${address} after ${roundTripMs.toFixed(3)} ms`);
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.code === "closed") throw error;
      await console.writeLine(error.message);
    }
    if (replies !== args.count || args.count === 0) await clock.sleep(1000, signal);
  }
}
