/** The TCP that scripts are run against. */

export { connect } from "./fake-tcp.ts";
