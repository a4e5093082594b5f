/**
 * The states of a connection (RFC 9293, 3.3.2, figure 5): each line reads "in this state, after
 * this event, go there". What is not in the table does not change the state.
 */

/** Where a connection is in its life. */
export type State =
  | "CLOSED"
  | "LISTEN"
  | "SYN-SENT"
  | "SYN-RECEIVED"
  | "ESTABLISHED"
  | "FIN-WAIT-1"
  | "FIN-WAIT-2"
  | "CLOSE-WAIT"
  | "CLOSING"
  | "LAST-ACK"
  | "TIME-WAIT";

/** What moves a connection from one state to another. */
export type StateEvent =
  | "passive open"
  | "active open"
  | "close"
  | "SYN arrives"
  | "SYN and ACK of SYN arrive"
  | "ACK of SYN arrives"
  | "FIN arrives"
  | "ACK of FIN arrives"
  | "reset"
  | "2 MSL pass";

const transitions = {
  CLOSED: { "passive open": "LISTEN", "active open": "SYN-SENT" },
  LISTEN: { "SYN arrives": "SYN-RECEIVED", close: "CLOSED" },
  "SYN-SENT": {
    "SYN arrives": "SYN-RECEIVED",
    "SYN and ACK of SYN arrive": "ESTABLISHED",
    close: "CLOSED",
    reset: "CLOSED",
  },
  "SYN-RECEIVED": {
    "ACK of SYN arrives": "ESTABLISHED",
    close: "FIN-WAIT-1",
    "FIN arrives": "CLOSE-WAIT",
    reset: "CLOSED",
  },
  ESTABLISHED: { close: "FIN-WAIT-1", "FIN arrives": "CLOSE-WAIT", reset: "CLOSED" },
  "FIN-WAIT-1": {
    "ACK of FIN arrives": "FIN-WAIT-2",
    "FIN arrives": "CLOSING",
    reset: "CLOSED",
  },
  "FIN-WAIT-2": { "FIN arrives": "TIME-WAIT", reset: "CLOSED" },
  "CLOSE-WAIT": { close: "LAST-ACK", reset: "CLOSED" },
  CLOSING: { "ACK of FIN arrives": "TIME-WAIT", reset: "CLOSED" },
  "LAST-ACK": { "ACK of FIN arrives": "CLOSED", reset: "CLOSED" },
  "TIME-WAIT": { "2 MSL pass": "CLOSED", reset: "CLOSED" },
} as const satisfies Record<State, Partial<Record<StateEvent, State>>>;

/** The state that follows `state` after `event`. */
export function follow(state: State, event: StateEvent): State {
  const row: Partial<Record<StateEvent, State>> = transitions[state];
  return row[event] ?? state;
}

/** Whether both sides have agreed on sequence numbers (RFC 9293, 3.5). */
export function isSynchronized(state: State): boolean {
  return (
    state !== "CLOSED" && state !== "LISTEN" && state !== "SYN-SENT" && state !== "SYN-RECEIVED"
  );
}
