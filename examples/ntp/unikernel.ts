import type { Context } from "fata-morgana/config";
import {
  ProtocolError,
  type Clock,
  type Console,
  type Random,
  type Stack,
} from "fata-morgana/devices";
import { connect as connectClient } from "fata-morgana/net/ntp/client";
import { connect as connectServer } from "fata-morgana/net/ntp/server";

interface Arguments {
  readonly ask: string | undefined;
  readonly samples: number;
}

export async function start(
  console: Console,
  stack: Stack,
  clock: Clock,
  random: Random,
  { args: { ask, samples }, signal }: Context<Arguments>,
): Promise<number> {
  await stack.configured(signal);
  if (ask === undefined) {
    await using _server = connectServer({ udp: stack.udp, clock });
    await console.writeLine(`Telling the time at ${stack.addresses.join(", ")}`);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    return 0;
  }
  await using client = connectClient({ udp: stack.udp, clock, random });
  try {
    const time = await client.query(ask, { sampleCount: samples, signal });
    const { server, stratum, offsetMs, delayMs, jitterMs, sampleCount } = time;
    const date = new Date(clock.wallMs() + offsetMs);
    await console.writeLine(
      [
        `${server} (stratum ${stratum}, ${sampleCount} answers) says that it is ${date.toISOString()}`,
        `offset ${offsetMs.toFixed(3)} ms, delay ${delayMs.toFixed(3)} ms, jitter ${jitterMs.toFixed(3)} ms`,
      ].join("\n"),
    );
    return 0;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    await console.writeLine(error.message);
    return 1;
  }
}
