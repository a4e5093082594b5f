/** The switches of a page: unikernels that name the same one are on one Ethernet. */

import { Switch } from "../net/ethernet/switch.ts";
import { connect, inPageOffloads } from "../platform-js/network-message-port.ts";
import { offerOnRequest } from "../platform-js/network-ring-request.ts";

const switches = new Map<string, Switch>();

/** The switch of that name, made on first use. */
export function pageSwitch(name: string): Switch {
  const known = switches.get(name) ?? new Switch({ nowMs: () => performance.now() });
  switches.set(name, known);
  return known;
}

/**
 * Attaches a unikernel's port, which is *given*, to a switch of the page: with the offloads of links
 * within a page, unless its end is `plain`. Returns the function that takes it off.
 */
export function attachToSwitch(name: string, port: MessagePort, plain = false): () => void {
  // The page's end of the cable sends nothing of its own, and so its address is nobody's.
  const mac = Uint8Array.of(2, 0, 0, 0, 0, 0);
  const network = connect({ port, mac, ...(!plain && { offloads: inPageOffloads }) });
  const attached = pageSwitch(name).attach(network);
  offerOnRequest(network);
  return () => {
    attached.detach();
    void network[Symbol.asyncDispose]();
  };
}
