/** What the compiler cannot check of a configuration; done before it is bundled, not in the tab. */

import { devicesInOrder } from "./graph.ts";
import type { Unikernel } from "./unikernel.ts";

/**
 * Checks that a unikernel's name can be a URL's, and that no two devices or arguments share a name.
 *
 * @throws {TypeError} that says which do not, and whose they are
 */
export function checkUnikernel({ name, args, devices }: Unikernel): void {
  if (!/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name)) {
    throw new TypeError(`Cannot name a unikernel "${name}": use a-z, 0-9 and single hyphens`);
  }
  const cannot = `Cannot configure "${name}"`;
  const owners = new Map<string, string>([
    ["help", "Morgana"],
    ["logs", "Morgana"],
  ]);
  const claim = (argument: string, owner: string): void => {
    const other = owners.get(argument);
    if (other !== undefined) {
      throw new TypeError(`${cannot}: ${owner} and ${other} both declare "${argument}"`);
    }
    owners.set(argument, owner);
  };
  for (const argument of Object.keys(args)) claim(argument, "the unikernel");
  const names = new Set<string>();
  for (const each of devicesInOrder(devices)) {
    if (names.has(each.name))
      throw new TypeError(`${cannot}: two devices are named "${each.name}"`);
    names.add(each.name);
    for (const argument of Object.keys(each.args)) claim(argument, `device "${each.name}"`);
  }
}
