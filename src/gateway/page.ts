/** The page's part of a gateway: its worker, and the service worker that sends requests to it. */

import { joinNetwork } from "../boot/page.ts";
import { GatewayPort } from "./gateway-port.ts";
import { type ConnectMessage, type PageMessage, protocolVersion } from "./protocol.ts";
import type { GatewayOptions, WorkerMessage } from "./worker-protocol.ts";

export type { GatewayOptions } from "./worker-protocol.ts";

/** The service worker's script, beside the script of the page. */
const scriptName = "../morgana-gateway.js";

/** How long a service worker may take until the page is a client of it. */
const controlTimeoutMs = 10_000;

/** A gateway from a page's address space to a unikernel on one of its networks. */
export class PageGateway {
  /** Where the site is, for this page and its frames. */
  readonly root: string = new URL("./~/", location.href).href;
  readonly #worker = new Worker(new URL("./worker.js", import.meta.url), {
    type: "module",
    name: "gateway",
  });
  readonly #stops: (() => void)[] = [];

  /** Starts its worker, on the page's network of that name. */
  constructor(network: string, options: GatewayOptions) {
    const { port, leave } = joinNetwork(network);
    this.#stops.push(leave);
    this.#say({ type: "start", network: port, options }, [port]);
  }

  /**
   * Resolves when what the browser asks for below {@link PageGateway.root} comes here.
   *
   * @throws {Error} that says why it cannot: the browser has no service workers here
   */
  async serve(): Promise<void> {
    if (!("serviceWorker" in navigator)) throw new Error(whyNoServiceWorker());
    this.#listen();
    await register(new URL("./", this.root.slice(0, -2)));
  }

  /** Resolves to the HTML at the site's root, without anything that it refers to. */
  async frontPage(): Promise<string> {
    const { port1, port2 } = new MessageChannel();
    this.#say({ type: "serve", port: port2 }, [port2]);
    const gateway = new GatewayPort(port1);
    try {
      await gateway.ready;
      const head = { method: "GET", target: "/", headers: [], root: this.root };
      const { body } = await gateway.send(head, undefined, new AbortController().signal);
      return await new Response(body ?? null).text();
    } finally {
      gateway.close();
    }
  }

  /** Lets the site's scripts run, or no longer: from the next document on. */
  allowScripts(allowed: boolean): void {
    this.#say({ type: "scripts", allowed }, []);
  }

  /** Ends it. Its service worker stays, and says that no page serves the site. */
  stop(): void {
    for (const stop of this.#stops) stop();
    this.#worker.terminate();
  }

  #listen(): void {
    const container = navigator.serviceWorker;
    const connect = (event: MessageEvent<ConnectMessage>): void => {
      const [port] = event.ports;
      if (event.data?.type !== "morgana-connect" || port === undefined) return;
      if (event.data.version === protocolVersion) this.#say({ type: "serve", port }, [port]);
      else port.close();
    };
    const gone = (): void => tell({ type: "morgana-gone" });
    container.addEventListener("message", connect);
    addEventListener("pagehide", gone);
    container.startMessages();
    this.#stops.push(gone, () => {
      container.removeEventListener("message", connect);
      removeEventListener("pagehide", gone);
    });
  }

  #say(message: WorkerMessage, transfer: Transferable[]): void {
    this.#worker.postMessage(message, transfer);
  }
}

/** Registers the service worker, and resolves when this page is a client of it. */
async function register(folder: URL): Promise<void> {
  const container = navigator.serviceWorker;
  const script = new URL(scriptName, import.meta.url);
  let registration;
  try {
    registration = await container.register(script, {
      scope: folder.pathname,
      updateViaCache: "none",
    });
  } catch (error) {
    throw new Error(`The browser refuses a service worker here: ${(error as Error).message}`, {
      cause: error,
    });
  }
  await active(registration);
  const mine = (): boolean => container.controller === registration.active;
  if (mine()) return;
  const controlled = Promise.withResolvers<void>();
  const change = (): void => void (mine() && controlled.resolve());
  container.addEventListener("controllerchange", change);
  // A page that was loaded by force is nobody's client.
  const claim: PageMessage = { type: "morgana-claim", version: protocolVersion };
  registration.active?.postMessage(claim);
  const timer = setTimeout(
    () => controlled.reject(new Error("The service worker does not take this page on")),
    controlTimeoutMs,
  );
  try {
    await controlled.promise;
  } finally {
    clearTimeout(timer);
    container.removeEventListener("controllerchange", change);
  }
}

/** Waits until the newest service worker of a registration is the active one. */
async function active(registration: ServiceWorkerRegistration): Promise<void> {
  const worker = registration.installing ?? registration.waiting;
  if (worker === null) return;
  await new Promise<void>((resolve, reject) => {
    const look = (): void => {
      if (worker.state === "activated") resolve();
      if (worker.state === "redundant") reject(new Error("The service worker could not start"));
    };
    worker.addEventListener("statechange", look);
    look();
  });
}

function tell(message: PageMessage): void {
  navigator.serviceWorker.controller?.postMessage(message);
}

function whyNoServiceWorker(): string {
  return isSecureContext
    ? "This browser offers no service workers here, as in some private windows"
    : "Service workers need HTTPS, or localhost";
}
