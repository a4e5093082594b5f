import type { Context } from "fata-morgana/config";
import type { Clock, Console, Network } from "fata-morgana/devices";

/** IEEE 802, local experimental EtherType 1. */
const etherType = 0x88b5;
const headerBytes = 14;
const broadcast = new Uint8Array(6).fill(0xff);

interface Arguments {
  readonly name: string;
  readonly greetings: number;
}

/** Calls out its name once a second; whoever hears a new name answers it. */
export async function start(
  console: Console,
  network: Network,
  clock: Clock,
  { args, signal }: Context<Arguments>,
): Promise<void> {
  const known = new Set<string>();
  let finish = (): void => {};
  const done = new Promise<void>((resolve) => (finish = resolve));
  await console.writeLine(`I am ${args.name}, at ${formatMac(network.mac)}`);
  network.listen({
    frame(frame) {
      const greeting = decode(frame);
      if (greeting === undefined || known.has(greeting.from)) return;
      known.add(greeting.from);
      void console.writeLine(`${greeting.text} (from ${greeting.from})`);
      send(network, frame.slice(6, 12), `Nice to meet you, I am ${args.name}`);
      if (args.greetings > 0 && known.size >= args.greetings) finish();
    },
  });
  const calling = callOut(network, clock, args.name, signal);
  await (args.greetings > 0 ? Promise.race([done, calling]) : calling);
  // What was just sent leaves with its batch before the device goes.
  await clock.sleep(0);
}

async function callOut(
  network: Network,
  clock: Clock,
  name: string,
  signal: AbortSignal,
): Promise<void> {
  while (true) {
    send(network, broadcast, `Hello, I am ${name}`);
    await clock.sleep(1000, signal);
  }
}

function send(network: Network, destination: Uint8Array, text: string): void {
  const payload = new TextEncoder().encode(text);
  network.write(headerBytes + payload.length, (frame) => {
    frame.set(destination, 0);
    frame.set(network.mac, 6);
    frame[12] = etherType >> 8;
    frame[13] = etherType & 0xff;
    frame.set(payload, headerBytes);
    return headerBytes + payload.length;
  });
}

function decode(frame: Uint8Array): { from: string; text: string } | undefined {
  if (((frame[12] ?? 0) << 8) + (frame[13] ?? 0) !== etherType) return undefined;
  const from = formatMac(frame.subarray(6, 12));
  return { from, text: new TextDecoder().decode(frame.subarray(headerBytes)) };
}

function formatMac(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join(":");
}
