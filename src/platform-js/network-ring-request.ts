/** How two ends of a link come to share a ring: one asks, the other loads it and offers. */

import type { Network } from "../devices/index.ts";
import type { RingLink } from "./network-ring.ts";

type RingModule = typeof import("./network-ring.ts");

/**
 * Asks the other end of a link for a ring, and joins the one that it offers, where threads may
 * share memory and the network is such a link; elsewhere nothing happens. `load` loads
 * `network-ring.ts` from the address that the other end names, and with that the caller trusts the
 * other end with its whole thread, as a worker does its page.
 */
export function requestRing(
  network: Network,
  load: (url: string) => Promise<RingModule> = (url) => import(/* @vite-ignore */ url),
): void {
  if (!globalThis.crossOriginIsolated || !isRingLink(network)) return;
  network.onMessage = (message) => {
    const { kind, url } = Object(message) as { readonly kind?: unknown; readonly url: string };
    if (kind !== "ring") return false;
    void orNothing(load(url).then(({ join }) => join(network, message)));
    return true;
  };
  network.post({ kind: "ring-request" });
}

/** Offers a ring to the other end of a link when it asks, where threads may share memory. */
export function offerOnRequest(link: RingLink): void {
  if (!globalThis.crossOriginIsolated) return;
  link.onMessage = (message) => {
    if ((Object(message) as { readonly kind?: unknown }).kind !== "ring-request") return false;
    link.onMessage = undefined;
    void orNothing(loadRing().then(({ offer }) => offer(link)));
    return true;
  };
}

/** All of it: the other end joins by the same file, and a bundler must not leave that out. */
function loadRing(): Promise<RingModule> {
  return import("./network-ring.ts");
}

/** Without a ring, a link goes on as it is. */
async function orNothing(joined: Promise<void>): Promise<void> {
  await joined.catch(() => {});
}

function isRingLink(network: Network): network is Network & RingLink {
  return "onMessage" in network;
}
