import type { Context } from "fata-morgana/config";
import type { Clock, Console, KeyValue, Stack } from "fata-morgana/devices";
import { connect, type ServedLease } from "fata-morgana/net/dhcp/server";

interface Arguments {
  readonly first: string;
  readonly last: string;
  readonly seconds: number;
}

export async function start(
  console: Console,
  stack: Stack,
  clock: Clock,
  store: KeyValue,
  { args: { first, last, seconds }, signal }: Context<Arguments>,
): Promise<number> {
  const network = stack.addresses.find((each) => !each.includes(":"));
  const [address] = network?.split("/") ?? [];
  if (network === undefined || address === undefined) {
    await console.writeLine("Give me an address of my own, such as --ipv4=10.0.0.1/24");
    return 64;
  }
  await using server = await connect({
    stack,
    clock,
    address,
    subnets: [{ network, ranges: [[first, last]], leaseSeconds: seconds }],
    store,
    maxLeases: 200,
    // There is nobody else: who comes back with an address of ours may have it.
    isAuthoritative: true,
  });
  await console.writeLine(`${address} gives ${first} to ${last}, each for ${seconds} s`);
  const tell = (leases: readonly ServedLease[]): void => {
    const lines = leases.map((lease) => describe(lease, clock.monotonicMs()));
    void console.writeLine([`Leases: ${leases.length}`, ...lines].join("\n  "));
  };
  if (server.leases.length > 0) await console.writeLine("The disk has leases of before");
  tell(server.leases);
  server.onChange(tell);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
  return 0;
}

function describe({ address, mac, hostName, endsAtMs }: ServedLease, nowMs: number): string {
  const name = hostName === undefined ? "" : ` (${hostName})`;
  return `${address} is ${mac}'s${name} for ${Math.round((endsAtMs - nowMs) / 1000)} s`;
}
