/** Where packets go, for each destination once: what is used again costs one comparison. */

import type { Neighbour } from "../ndp/neighbours.ts";
import type { Ndp } from "../ndp/ndp.ts";
import type { PathMtus } from "../path-mtu.ts";
import { isSameAddress } from "../prefix.ts";
import { isGroup, keyOf, loopback } from "./address.ts";
import { macOf } from "./groups.ts";

/** Destinations that are remembered; when they are more, all are looked up anew. */
const maxRoutes = 1024;

/** The longest packet to ourselves, which no link has to carry. */
const localMtuBytes = 65_535;

/** The way to a destination. Arrays are not to be changed. */
export interface Route {
  readonly destination: Uint8Array;
  /** What to send from unless a packet says otherwise. */
  readonly source: Uint8Array;
  /** The longest packet that reaches it whole, as far as is known. */
  readonly mtuBytes: number;
  readonly via:
    | { readonly kind: "ourselves" }
    | { readonly kind: "group"; readonly mac: Uint8Array }
    | {
        readonly kind: "neighbour";
        readonly nextHop: Uint8Array;
        neighbour: Neighbour | undefined;
      };
}

export class Routes {
  readonly #ndp: Ndp;
  readonly #pathMtus: PathMtus<string>;
  readonly #routes = new Map<string, Route>();
  #last: Route | undefined;

  constructor(ndp: Ndp, pathMtus: PathMtus<string>) {
    this.#ndp = ndp;
    this.#pathMtus = pathMtus;
  }

  /** The route to `destination` (*borrowed*); `undefined` if there is none, or no source. */
  find(destination: Uint8Array): Route | undefined {
    if (this.#last !== undefined && isSameAddress(this.#last.destination, destination)) {
      return this.#last;
    }
    const key = keyOf(destination);
    let route = this.#routes.get(key);
    if (route === undefined) {
      route = this.#make(destination, key);
      if (route === undefined) return undefined;
      if (this.#routes.size >= maxRoutes) this.#routes.clear();
      this.#routes.set(key, route);
    }
    this.#last = route;
    return route;
  }

  /** Forgets what was looked up: something that it depends on changed. */
  invalidate(): void {
    this.#routes.clear();
    this.#last = undefined;
  }

  #make(borrowed: Uint8Array, key: string): Route | undefined {
    const destination = borrowed.slice();
    const { addresses, parameters } = this.#ndp;
    const isLoopback = isSameAddress(destination, loopback);
    if (isLoopback || addresses.find(destination) !== undefined) {
      const via = { kind: "ourselves" } as const;
      return { destination, source: destination, mtuBytes: localMtuBytes, via };
    }
    const source = addresses.sourceFor(destination);
    if (source === undefined) return undefined;
    const mtuBytes = Math.min(parameters.mtuBytes, this.#pathMtus.get(key));
    if (isGroup(destination)) {
      return { destination, source, mtuBytes, via: { kind: "group", mac: macOf(destination) } };
    }
    const nextHop = this.#ndp.nextHop(destination);
    if (nextHop === undefined) return undefined;
    return {
      destination,
      source,
      mtuBytes,
      via: { kind: "neighbour", nextHop, neighbour: undefined },
    };
  }
}
