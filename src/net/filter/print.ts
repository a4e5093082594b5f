/** Writes rules as {@link ./parse.ts} reads them. */

import { formatAddress, formatPrefix } from "../address.ts";
import { type Defaults, protocolNumbers, type Range, type Rule, type Side } from "./rule.ts";

/** Writes a rule on a line. */
export function print(rule: Rule): string {
  const { action, isLogged, place, protocol, icmpTypes } = rule;
  return [
    action,
    isLogged ? "log" : "",
    place ?? "",
    rule.in === undefined ? "" : `in ${rule.in}`,
    rule.out === undefined ? "" : `out ${rule.out}`,
    typeof protocol === "number" ? nameOf(protocol) : (protocol ?? ""),
    printSide("from", rule.from),
    printSide("to", rule.to),
    icmpTypes === undefined ? "" : `type ${icmpTypes.join(",")}`,
  ]
    .filter((part) => part !== "")
    .join(" ");
}

/** Writes what happens to what no rule matches, a line for each place. */
export function printDefaults(defaults: Defaults): string {
  return Object.entries(defaults)
    .map(([place, action]) => `default ${place} ${action}`)
    .join("\n");
}

function nameOf(protocol: number): string {
  const named = Object.entries(protocolNumbers).find(([, number]) => number === protocol);
  return named?.[0] ?? String(protocol);
}

function printSide(word: string, { prefixes, isNegated, ports }: Side): string {
  if (prefixes === undefined && ports === undefined) return "";
  const addresses = prefixes?.map(({ address, length }) =>
    length === 8 * address.length ? formatAddress(address) : formatPrefix({ address, length }),
  );
  const not = isNegated ? "not " : "";
  const port = ports === undefined ? "" : ` port ${ports.map(printRange).join(",")}`;
  return `${word} ${not}${addresses?.join(",") ?? "any"}${port}`;
}

function printRange([first, last]: Range): string {
  return first === last ? String(first) : `${first}-${last}`;
}
