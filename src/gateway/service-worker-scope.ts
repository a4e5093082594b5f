/**
 * What a service worker's global scope has, as far as this one uses it. The compiler's own
 * declarations of it and those of a page cannot be in one project.
 */

/** A page or a frame within the scope, as the service worker sees it. */
export interface WindowClient {
  readonly id: string;
  readonly url: string;
  readonly focused: boolean;
  readonly visibilityState: DocumentVisibilityState;
  postMessage(message: unknown, transfer?: Transferable[]): void;
}

interface ExtendableEvent extends Event {
  waitUntil(promise: Promise<unknown>): void;
}

/** A request of a client, or for the document of one that is to be. */
export interface FetchEvent extends ExtendableEvent {
  readonly request: Request;
  /** Who asks; empty for a document. */
  readonly clientId: string;
  /** Who the document will be; empty for anything else. */
  readonly resultingClientId: string;
  respondWith(response: Promise<Response>): void;
}

interface ExtendableMessageEvent extends ExtendableEvent {
  readonly data: unknown;
  readonly source: { readonly id: string } | null;
}

interface ServiceWorkerEvents {
  install: ExtendableEvent;
  activate: ExtendableEvent;
  fetch: FetchEvent;
  message: ExtendableMessageEvent;
}

/** The global scope of a service worker. */
export interface ServiceWorkerScope {
  readonly registration: { readonly scope: string };
  readonly clients: {
    get(id: string): Promise<WindowClient | undefined>;
    matchAll(options: {
      readonly type: "window";
      readonly includeUncontrolled: boolean;
    }): Promise<readonly WindowClient[]>;
    claim(): Promise<void>;
  };
  skipWaiting(): Promise<void>;
  addEventListener<Type extends keyof ServiceWorkerEvents>(
    type: Type,
    listener: (event: ServiceWorkerEvents[Type]) => void,
  ): void;
}
