/** What the compiler cannot check of a configuration; done before it is bundled, not in the tab. */

import type { Argument, ArgumentTable } from "./arguments.ts";
import { parseArguments } from "./arguments.ts";
import { devicesInOrder } from "./graph.ts";
import type { Unikernel } from "./unikernel.ts";

/** The arguments that every unikernel has on some target. */
const ownArguments = ["help", "logs", "seed", "untilMs"];

/**
 * Checks that a unikernel's name can be a URL's, that no two devices or arguments share a name,
 * that each argument's name can be a flag, and that its default is one of its values.
 *
 * @throws {TypeError} that says which do not, and whose they are
 */
export function checkUnikernel({ name, args, devices }: Unikernel): void {
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)) {
    throw new TypeError(`Cannot name a unikernel "${name}": use a-z, 0-9 and single hyphens`);
  }
  const cannot = `Cannot configure "${name}"`;
  const owners = new Map(ownArguments.map((argument) => [argument, "Morgana"]));
  const claim = (table: ArgumentTable, owner: string): void => {
    for (const [argument, declared] of Object.entries(table)) {
      const other = owners.get(argument);
      if (other !== undefined) {
        throw new TypeError(`${cannot}: ${owner} and ${other} both declare "${argument}"`);
      }
      owners.set(argument, owner);
      const problem = problemOf(argument, declared);
      if (problem !== undefined) throw new TypeError(`${cannot}: ${problem}`);
    }
  };
  claim(args, "the unikernel");
  const names = new Set<string>();
  for (const each of devicesInOrder(devices)) {
    if (names.has(each.name))
      throw new TypeError(`${cannot}: two devices are named "${each.name}"`);
    names.add(each.name);
    claim(each.args, `device "${each.name}"`);
    const defaults = Object.entries(each.args).map(([argument, arg]) => [argument, arg.default]);
    const wrong = each.check?.(Object.fromEntries(defaults));
    const initial = each.args[wrong ?? ""]?.default;
    if (initial !== undefined) {
      throw new TypeError(`${cannot}: "${wrong}" cannot be ${initial} by default`);
    }
  }
}

function problemOf(argument: string, declared: Argument): string | undefined {
  if (!/^[a-z][a-zA-Z0-9]*$/.test(argument)) {
    return `"${argument}" cannot name an argument: use camel case, as in maxHops`;
  }
  // A default is a value that could be given: it is read as if it were.
  const initial = declared.default;
  const given = initial === undefined ? [] : [`--argument=${initial}`];
  const parsed = parseArguments({ argument: { ...declared, optional: true } }, given);
  return parsed.kind === "values" ? undefined : `"${argument}" cannot be ${initial} by default`;
}
