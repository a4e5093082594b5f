import type { Context } from "fata-morgana/config";
import type { Clock, Console, Random } from "fata-morgana/devices";
import { Filter } from "fata-morgana/net/filter/filter";
import { parse } from "fata-morgana/net/filter/parse";
import { Nat } from "fata-morgana/net/nat/nat";
import type { ForwardedPort } from "fata-morgana/net/nat/options";
import { parseAddress } from "fata-morgana/net/address";
import type { Router } from "fata-morgana/net/router/router";
import type { ShapedLink } from "fata-morgana/net/shaper/shaped-link";
import { ownRules } from "./rules.ts";
import { statusOf } from "./status.ts";

interface Arguments {
  readonly rules: string | undefined;
  readonly forward: string;
}

const statusIntervalMs = 1000;

export async function start(
  console: Console,
  router: Router,
  shaper: ShapedLink,
  clock: Clock,
  random: Random,
  { args, signal }: Context<Arguments>,
): Promise<number> {
  const { rules, defaults, errors } = parse(args.rules?.replaceAll(";", "\n") ?? ownRules);
  for (const { line, column, message } of errors) {
    await console.writeLine(`Rule ${line}, column ${column}: ${message}`);
  }
  const forwardedPorts = readForwarded(args.forward);
  const address = router.interfaces.get("wan")?.addresses4[0]?.address;
  if (errors.length > 0 || address === undefined || forwardedPorts === undefined) {
    if (forwardedPorts === undefined) await console.writeLine(`Cannot forward ${args.forward}`);
    return 64;
  }
  const filter = new Filter({
    clock,
    rules,
    defaults,
    log: ({ action, packet }) => void console.writeLine(`log ${action} ${packet}`),
  });
  const nat = new Nat({
    clock,
    random,
    outside: "wan",
    address,
    forwardedPorts,
    refuse: (packet) => router.report(packet, "portUnreachable"),
  });
  router.use(filter);
  router.use(nat);
  const names = Array.from(
    router.interfaces.values(),
    ({ name, texts }) => `${name} ${texts.join(" ")}`,
  );
  await console.writeLine(`Routing between ${names.join(" and ")}`);
  while (!signal.aborted) {
    for (const line of statusOf(router, filter, nat, shaper)) await console.writeLine(line);
    await clock.sleep(statusIntervalMs, signal).catch(() => {});
  }
  return 0;
}

/** Reads `8080=10.0.0.2:80,…`; `undefined` if that is something else. */
function readForwarded(text: string): readonly ForwardedPort[] | undefined {
  if (text === "none") return [];
  const parts = text.split(",");
  const ports = parts.flatMap((part): ForwardedPort[] => {
    const [, external, host = "", port] = /^(\d+)=([\d.]+):(\d+)$/.exec(part) ?? [];
    const address = parseAddress(host);
    if (address === undefined) return [];
    return [{ protocol: "tcp", externalPort: Number(external), address, port: Number(port) }];
  });
  return ports.length === parts.length ? ports : undefined;
}
