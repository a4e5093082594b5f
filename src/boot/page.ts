/** What a page boots unikernels with: machines, their services, and the disks they leave behind. */

import type { LinkConditions } from "../net/ethernet/conditioned-link.ts";
import type { ConsoleScreen } from "../platform-js/console-xterm.ts";
import type { Service } from "./machine.ts";

export type { Argument, ArgumentTable } from "../config/arguments.ts";
export { flagOf } from "../config/arguments.ts";
export type { Description } from "../config/graph.ts";
export type { DiskSummary } from "../platform-js/block-indexeddb-catalogue.ts";
export { openScreen } from "../platform-js/console-xterm.ts";
export type { LinkConditions } from "../net/ethernet/conditioned-link.ts";
export type { ConsoleScreen as Screen, FindFrom } from "../platform-js/console-xterm.ts";
export { Machine } from "./machine.ts";
export type { MachineStatus, Service } from "./machine.ts";
export type { CounterTable } from "./protocol.ts";
export { mapStack } from "./stack-trace.ts";

/**
 * The services of a page: its console goes to `screen`, its network to the switch of that name, or to
 * the one that an interface itself names.
 */
export function pageServices(
  screen: ConsoleScreen,
  network: string,
): Readonly<Record<string, Service>> {
  return {
    console: (port) => screen.attach(port),
    network: (port, { plain, link }) =>
      joinSwitch(link || network, port, plain === "true", (problem) => screen.report(problem)),
  };
}

/** A port on the switch of that name for a worker of the page's own, and what takes it off. */
export function joinNetwork(name: string): {
  readonly port: MessagePort;
  readonly leave: () => void;
} {
  const { port1, port2 } = new MessageChannel();
  return { port: port2, leave: joinSwitch(name, port1, false, () => {}) };
}

/** The switch is loaded when a unikernel has a network; its frames wait in the port meanwhile. */
function joinSwitch(
  name: string,
  port: MessagePort,
  plain: boolean,
  report: (problem: string) => void,
): () => void {
  const joined = import("./page-network.ts").then(({ attachToSwitch }) =>
    attachToSwitch(name, port, plain),
  );
  joined.catch((error: Error) => {
    // Without a switch the link is down.
    port.close();
    report(`Cannot join network "${name}": ${error.message}`);
  });
  return () =>
    void joined.then(
      (leave) => leave(),
      () => {},
    );
}

/**
 * Changes some of the conditions of the links of a page's network, from the page to each unikernel.
 * Resolves to all that hold now.
 */
export async function changeConditions(
  network: string,
  conditions: Partial<LinkConditions>,
): Promise<LinkConditions> {
  const page = await import("./page-network.ts");
  return page.changeConditions(network, conditions);
}

/** The disks of this origin; loaded when a page lists them, since booting needs none of it. */
export function loadDisks(): Promise<typeof import("../platform-js/block-indexeddb-catalogue.ts")> {
  return import("../platform-js/block-indexeddb-catalogue.ts");
}
