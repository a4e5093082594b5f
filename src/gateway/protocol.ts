/**
 * What the service worker, the page and the gateway's worker say to each other.
 *
 * The service worker, which the browser ends and starts again as it likes, asks the pages of a site
 * for a gateway with {@link ConnectMessage}; a page that has one hands the port on to its gateway's
 * worker, which answers {@link Ready}. From then on requests and answers go over that port without
 * the page's thread, many at a time, each with a number of the service worker's.
 */

/** The version of all this: a service worker of another build answers for no page of this one. */
export const protocolVersion = 1;

/** Bodies up to this size travel in one message with their head, in bytes. */
export const wholeBodyBytes = 65_536;

/** From the service worker to a page, with a port. A page without a gateway closes the port. */
export interface ConnectMessage {
  readonly type: "morgana-connect";
  readonly version: number;
}

/** From a page to its service worker. */
export type PageMessage =
  /** The page wants to be a client of this service worker, which it is not after a forced reload. */
  | { readonly type: "morgana-claim"; readonly version: number }
  /** The page is about to go, and its gateway with it. */
  | { readonly type: "morgana-gone" };

/** From the gateway's worker, once, when it has a port. */
export interface Ready {
  readonly type: "ready";
}

/** The head of a request, as a service worker sees it. */
export interface RequestHead {
  readonly method: string;
  /** Path and query, from the site's root on: `/about?lang=en`. */
  readonly target: string;
  readonly headers: readonly HeaderField[];
  /** Where the site's root is: `https://example.org/website/~/`. */
  readonly root: string;
}

/** The head of an answer. */
export interface ResponseHead {
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly HeaderField[];
}

/** A name and a value; names may be there more than once. */
export type HeaderField = readonly [name: string, value: string];

/** A body: all of it, a stream whose chunks follow in messages of their own, or none. */
export type BodyOffer = Uint8Array | "stream" | undefined;

/** From the service worker to the gateway's worker. */
export type ToGateway =
  | {
      readonly type: "request";
      readonly id: number;
      readonly head: RequestHead;
      readonly body: BodyOffer;
    }
  | BodyMessage
  /** Nobody wants the answer any more. */
  | { readonly type: "cancel"; readonly id: number };

/** From the gateway's worker to the service worker. */
export type FromGateway =
  | Ready
  | {
      readonly type: "response";
      readonly id: number;
      readonly head: ResponseHead;
      readonly body: BodyOffer;
    }
  | BodyMessage;

/** Of a streamed body, either way. Who reads it grants each chunk with a `pull`. */
export type BodyMessage =
  | { readonly type: "pull"; readonly id: number }
  | { readonly type: "chunk"; readonly id: number; readonly bytes: Uint8Array }
  | { readonly type: "end"; readonly id: number }
  | { readonly type: "abort"; readonly id: number; readonly reason: string };
