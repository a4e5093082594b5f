/** Takes the ring that the other end of a link offers, and loads what that needs only then. */

import type { RingLink } from "./network-ring.ts";

/**
 * Joins the ring that the other end offers; `load` loads `network-ring.ts` from the address that it
 * names. Only for who trusts the other end with its whole thread, as a worker its page.
 */
export function joinOffered(
  link: RingLink,
  load: (url: string) => Promise<typeof import("./network-ring.ts")>,
): void {
  link.onMessage = (message) => {
    const { kind, url } = Object(message) as { readonly kind?: unknown; readonly url: string };
    if (kind !== "ring") return false;
    // Without it the link goes on as it is.
    load(url).then(
      ({ join }) => join(link, message),
      () => {},
    );
    return true;
  };
}
