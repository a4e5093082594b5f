/** The states of a client and what leads from one to the next (RFC 2131, figure 5). */

/** What happens to a client; `timeout` is the end of what its state allows. */
export type DhcpEvent = "offer" | "ack" | "nak" | "claimed" | "conflict" | "timeout";

/**
 * Where each event leads; one that is not listed changes nothing. `claiming` is the check of an
 * address on the link, which the figure has between REQUESTING and BOUND.
 */
const transitions = {
  init: { timeout: "selecting" },
  selecting: { offer: "requesting" },
  requesting: { ack: "claiming", nak: "init", timeout: "init" },
  rebooting: { ack: "claiming", nak: "init", timeout: "init" },
  claiming: { claimed: "bound", conflict: "init" },
  bound: { conflict: "init", timeout: "renewing" },
  renewing: { ack: "bound", nak: "init", conflict: "init", timeout: "rebinding" },
  rebinding: { ack: "bound", nak: "init", conflict: "init", timeout: "init" },
} as const satisfies Readonly<Record<string, Partial<Record<DhcpEvent, string>>>>;

/** A state of a client. */
export type DhcpState = keyof typeof transitions;

/** Where an event leads, or `undefined` if nowhere. */
export function next(state: DhcpState, event: DhcpEvent): DhcpState | undefined {
  const events: Partial<Record<DhcpEvent, DhcpState>> = transitions[state];
  return events[event];
}
