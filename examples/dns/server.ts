import type { Clock, Console, Random, Stack } from "fata-morgana/devices";
import { connect as connectForwarder } from "fata-morgana/net/dns/forwarder";
import { typeText } from "fata-morgana/net/dns/record-fields";
import { connect as connectServer } from "fata-morgana/net/dns/server";
import { Zone } from "fata-morgana/net/dns/zone";
import { parseZone } from "fata-morgana/net/dns/zone-file";
import { origin, zoneText } from "./zone.ts";

/** What a server needs. */
export interface ServerDevices {
  readonly console: Console;
  readonly stack: Stack;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

/** Serves the zone until it is halted; each line that is typed is a record more. */
export async function serve(
  { console, stack, clock, random, signal }: ServerDevices,
  port: number,
  forward: string | undefined,
): Promise<void> {
  const { udp, tcp } = stack;
  const servers = forward?.split(",");
  await using forwarder = servers && connectForwarder({ udp, tcp, clock, random, servers });
  let records = parseZone(zoneText, { origin });
  await using server = connectServer({
    udp,
    tcp,
    clock,
    port,
    forwarder,
    zones: [new Zone(origin, records)],
    onQuestion: ({ name, type }, address) =>
      void console.writeLine(`${address} asks for ${typeText(type)} of ${name}`),
  });
  await console.writeLine(`Serving ${records.length} records of ${origin} on port ${port}`);
  for (;;) {
    const line = await console.readLine(signal);
    if (line === undefined) break;
    try {
      const more = [...records, ...parseZone(line, { origin, file: "typed" })];
      server.setZones([new Zone(origin, more)]);
      await console.writeLine(`Now there are ${more.length} records`);
      records = more;
    } catch (error) {
      await console.writeLine(error instanceof Error ? error.message : String(error));
    }
  }
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}
