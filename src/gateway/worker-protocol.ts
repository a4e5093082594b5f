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
  readonly allowScripts: boolean;
}

/** The first message says `start`; each later one brings a port to serve. Ports are *given*. */
export type WorkerMessage =
  | { readonly type: "start"; readonly network: MessagePort; readonly options: GatewayOptions }
  | { readonly type: "serve"; readonly port: MessagePort };
