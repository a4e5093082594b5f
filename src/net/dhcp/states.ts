/** The states of a client and what leads from one to the next (RFC 2131, figure 5). */

/** What happens to a client; `timeout` is the end of what its state allows, `link` that it is back. */
export type DhcpEvent = "offer" | "ack" | "nak" | "claimed" | "conflict" | "timeout" | "link";

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
  init: { timeout: "selecting", link: "selecting" },
  selecting: { offer: "requesting", link: "selecting" },
  requesting: { ack: "claiming", nak: "init", timeout: "init", link: "selecting" },
  rebooting: { ack: "claiming", nak: "init", timeout: "init" },
  claiming: { claimed: "bound", conflict: "init" },
  bound: { conflict: "init", timeout: "renewing", link: "rebooting" },
  renewing: {
    ack: "bound",
    nak: "init",
    conflict: "init",
    timeout: "rebinding",
    link: "rebooting",
  },
  rebinding: { ack: "bound", nak: "init", conflict: "init", timeout: "init", link: "rebooting" },
};

/** Where an event leads, or `undefined` if nowhere. */
export function next(state: DhcpState, event: DhcpEvent): DhcpState | undefined {
  return transitions[state][event];
}
