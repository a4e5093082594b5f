/** The states of a client and what leads from one to the next (RFC 2131, figure 5). */

/** What happens to a client; `timeout` is the end of what its state allows. */
export type DhcpEvent = "offer" | "ack" | "nak" | "claimed" | "conflict" | "timeout";

/** A state of a client; `claiming` is the check that nobody else on the link has the address. */
export type DhcpState =
  | "init"
  | "selecting"
  | "requesting"
  | "rebooting"
  | "claiming"
  | "bound"
  | "renewing"
  | "rebinding";

/**
 * Where each event leads; one that is not listed changes nothing. The figure has `claiming`
 * as an arrow back from REQUESTING: "DHCPACK (not accept.) / send DHCPDECLINE". Without an answer
 * to REBOOTING a lease goes on (3.2).
 */
const transitions: Readonly<Record<DhcpState, Partial<Record<DhcpEvent, DhcpState>>>> = {
  init: { timeout: "selecting" },
  selecting: { offer: "requesting" },
  requesting: { ack: "claiming", nak: "init", timeout: "init" },
  rebooting: { ack: "claiming", nak: "init", conflict: "init", timeout: "init" },
  claiming: { claimed: "bound", conflict: "init" },
  bound: { conflict: "init", timeout: "renewing" },
  renewing: { ack: "bound", nak: "init", conflict: "init", timeout: "rebinding" },
  rebinding: { ack: "bound", nak: "init", conflict: "init", timeout: "init" },
};

/** Where an event leads, or `undefined` if nowhere. */
export function next(state: DhcpState, event: DhcpEvent): DhcpState | undefined {
  return transitions[state][event];
}
