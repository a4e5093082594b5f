import type { Context } from "fata-morgana/config";
import type { Clock, Console, Stack, TcpFlow } from "fata-morgana/devices";
import { announcement } from "./announcement.ts";

interface Arguments {
  readonly port: number;
  readonly every: number;
  readonly connect: string | undefined;
}

/** How long before the stroke the sentence begins, so that it can be said. */
const leadMs = 4_000;

export async function start(
  console: Console,
  stack: Stack,
  clock: Clock,
  { args: { connect, every, port }, signal }: Context<Arguments>,
): Promise<void> {
  await stack.configured(signal);
  if (connect !== undefined) return call(console, await stack.connect(connect, port, { signal }));
  stack.tcp.listen(port, async (flow) => {
    await console.writeLine(`${flow.remote.address} calls`);
    await speak(flow, clock, every * 1000, signal);
  });
  await console.writeLine(`Port ${port} of ${stack.addresses.join(", ")}: call me`);
  await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
}

/** Announces each stroke, and strikes when it has come, until the caller hangs up. */
async function speak(
  flow: TcpFlow,
  clock: Clock,
  everyMs: number,
  signal: AbortSignal,
): Promise<void> {
  await using _flow = flow;
  const say = (text: string): Promise<void> => flow.write(new TextEncoder().encode(`${text}\r\n`));
  const zoneMs = (clock.timeZoneOffsetMinutes ?? 0) * 60_000;
  for (;;) {
    const stroke = Math.floor((clock.wallMs() + leadMs) / everyMs + 1) * everyMs;
    await clock.sleep(Math.max(0, stroke - leadMs - clock.wallMs()), signal);
    await say(announcement(stroke + zoneMs));
    await clock.sleep(Math.max(0, stroke - clock.wallMs()), signal);
    await say("Beep.");
  }
}

/** Prints what a clock says, for as long as it does. */
async function call(console: Console, flow: TcpFlow): Promise<void> {
  await using _flow = flow;
  await console.writeLine(`Connected to ${flow.remote.address}`);
  for (let bytes = await flow.read(); bytes !== undefined; bytes = await flow.read()) {
    await console.write(new TextDecoder().decode(bytes.slice()).replaceAll("\r\n", "\n"));
  }
}
