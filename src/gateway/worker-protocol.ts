/** What a page says to its gateway's worker. */

/** Where the site's server is, and who the gateway is on its network. */
export interface GatewayOptions {
  /** The server's address or name; empty for whoever is on the network. */
  readonly host: string;
  /** The server's port. */
  readonly port: number;
  /** The gateway's own address with its prefix length; empty for none but that of the link. */
  readonly ipv4: string;
  /** Whether the site's scripts may run. */
  readonly allowsScripts: boolean;
}

/** The first message says `start`. Ports are *given*. */
export type WorkerMessage =
  | { readonly type: "start"; readonly network: MessagePort; readonly options: GatewayOptions }
  /** Brings a port to serve. */
  | { readonly type: "serve"; readonly port: MessagePort }
  /** Says what holds for answers from now on. */
  | { readonly type: "scripts"; readonly allowed: boolean };
