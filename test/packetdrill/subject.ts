/** The TCP that scripts are run against: ours. */

import type { Tcp } from "../../src/devices/index.ts";
import { connect as connectTcp } from "../../src/net/tcp/tcp.ts";
import type { Parts } from "./run.ts";

/** Connects it over the layers of a script's world. */
export function connect({ ipv4, ipv6, icmp, clock, random, settings }: Parts): Tcp {
  const { mtuBytes: _, ...tcpSettings } = settings;
  return connectTcp({ v4: ipv4, v6: ipv6, icmp, clock, random, settings: tcpSettings });
}
