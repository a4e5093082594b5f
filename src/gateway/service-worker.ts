/**
 * The service worker of a page's site: what the browser asks for below `~/` of the page's folder
 * goes to the page's gateway, and so over the page's switch to a unikernel.
 *
 * It keeps nothing that it could not ask for again: a browser ends a service worker when it likes.
 */

import { unavailable } from "./failure-page.ts";
import { type Answer, GatewayGone, GatewayPort } from "./gateway-port.ts";
import {
  type ConnectMessage,
  type PageMessage,
  protocolVersion,
  type RequestHead,
  wholeBodyBytes,
} from "./protocol.ts";
import type { FetchEvent, ServiceWorkerScope, WindowClient } from "./service-worker-scope.ts";

/** How long a page may take to answer that it has a gateway: it may be busy with booting. */
const connectTimeoutMs = 3_000;

/** How often to look whether the page that answers is still there. */
const lookIntervalMs = 500;

/** Methods that may be tried again at another page, when one goes before it has answered. */
const repeatable: ReadonlySet<string> = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "PUT"]);

const scope = globalThis as unknown as ServiceWorkerScope;

/** Where the site is: `https://example.org/website/~/`. */
const root = new URL("~/", scope.registration.scope).href;

/** The gateways that are known, by the id of their page. */
const gateways = new Map<string, Promise<GatewayPort>>();

/** Those whose page is looked for now and then. */
const watched = new Set<GatewayPort>();

/** Which page's unikernel a document of the site came from, so that the rest comes from there. */
const pageOf = new Map<string, string>();

scope.addEventListener("install", () => void scope.skipWaiting());
scope.addEventListener("activate", (event) => event.waitUntil(scope.clients.claim()));

scope.addEventListener("message", (event) => {
  const message = event.data as PageMessage;
  if (message.type === "morgana-claim") event.waitUntil(scope.clients.claim());
  if (message.type === "morgana-gone" && event.source !== null) forget(event.source.id);
});

scope.addEventListener("fetch", (event) => {
  const { request } = event;
  const { href, origin, pathname, search } = new URL(request.url);
  if (href.startsWith(root)) {
    return event.respondWith(respond(event, `/${href.slice(root.length).replace(/#.*/s, "")}`));
  }
  if (origin !== new URL(root).origin || request.mode === "navigate") return;
  const isFromSite = isAskedBySite(event);
  if (isFromSite === false) return;
  const answer = async (): Promise<Response> =>
    (await isFromSite) ? respond(event, pathname + search) : fetch(request);
  event.respondWith(answer());
});

/**
 * Whether a document of the site asks. Whatever it asks of this origin is the site's, so that its
 * absolute paths work, and it gets at nothing else.
 */
function isAskedBySite({ request, clientId }: FetchEvent): boolean | Promise<boolean> {
  const { referrer } = request;
  if (pageOf.has(clientId) || referrer.startsWith(root)) return true;
  return !referrer.startsWith(scope.registration.scope) && isOfSite(clientId);
}

/**
 * Looks whose document a client is, where the referrer is what the site, or a script or style of the
 * page, makes of it: the browser may have ended us since the document came.
 */
async function isOfSite(clientId: string): Promise<boolean> {
  const { url = "" } = (await scope.clients.get(clientId)) ?? {};
  // A document in an attribute of another one has no address; the page's say the page's.
  return url.startsWith(root) || url.startsWith("about:");
}

async function respond(event: FetchEvent, target: string): Promise<Response> {
  const { request } = event;
  const body = await bodyOf(request);
  const head: RequestHead = { method: request.method, target, headers: fieldsOf(request), root };
  try {
    return responseOf(await exchange(event, head, body), request);
  } catch (error) {
    if (request.signal.aborted) throw error;
    return unavailable(
      503,
      "No page serves this site now",
      `It is served by a unikernel in a page at ${scope.registration.scope}: open that page, and keep it open.`,
    );
  }
}

/** Asks the gateway of a page, and another one if that page goes away before it answers. */
async function exchange(
  event: FetchEvent,
  head: RequestHead,
  body: ReadableStream<Uint8Array> | Uint8Array | undefined,
): Promise<Answer> {
  for (;;) {
    const { page, gateway } = await findGateway(event.clientId);
    if (event.resultingClientId !== "") remember(event.resultingClientId, page);
    try {
      const answer = gateway.send(head, body, event.request.signal);
      void watch(page, gateway);
      return await answer;
    } catch (error) {
      // What was read of a stream is lost; what was asked may have been done (RFC 9110, 9.2.2).
      const mayRepeat = repeatable.has(head.method) && !(body instanceof ReadableStream);
      if (!mayRepeat || !(error instanceof GatewayGone)) throw error;
    }
  }
}

/** While requests are under way, looks whether their page is there: a killed one tells nobody. */
async function watch(page: string, gateway: GatewayPort): Promise<void> {
  if (watched.has(gateway)) return;
  watched.add(gateway);
  while (gateway.isBusy) {
    await new Promise((resolve) => setTimeout(resolve, lookIntervalMs));
    if ((await scope.clients.get(page)) === undefined) forget(page);
  }
  watched.delete(gateway);
}

/**
 * The gateway of the page that the client's document came from, or of the client itself; for a new
 * document, of the page that a person most likely looks at.
 *
 * @throws {GatewayGone} if no page has one
 */
async function findGateway(
  client: string,
): Promise<{ readonly page: string; readonly gateway: GatewayPort }> {
  const own = pageOf.get(client) ?? client;
  const known = await gateways.get(own)?.catch(() => undefined);
  if (known?.isGone === false) return { page: own, gateway: known };
  for (const page of await pagesOf(own)) {
    const gateway = await gatewayOf(page).catch(() => undefined);
    if (gateway !== undefined) return { page: page.id, gateway };
  }
  throw new GatewayGone();
}

/** The pages that may have a gateway: `first` if it is there, then by who is looked at. */
async function pagesOf(first: string): Promise<readonly WindowClient[]> {
  const all = await scope.clients.matchAll({ type: "window", includeUncontrolled: true });
  const { scope: folder } = scope.registration;
  const rank = ({ id, focused, visibilityState }: WindowClient): number =>
    id === first ? 0 : focused ? 1 : visibilityState === "visible" ? 2 : 3;
  return all
    .filter(({ url }) => url.startsWith(folder) && !url.startsWith(root))
    .toSorted((a, b) => rank(a) - rank(b));
}

async function gatewayOf(page: WindowClient): Promise<GatewayPort> {
  const known = gateways.get(page.id);
  if ((await known)?.isGone === false) return known as Promise<GatewayPort>;
  const connecting = connect(page);
  gateways.set(page.id, connecting);
  connecting.catch(() => gateways.delete(page.id));
  return connecting;
}

async function connect(page: WindowClient): Promise<GatewayPort> {
  const { port1, port2 } = new MessageChannel();
  const gateway = new GatewayPort(port1);
  const message: ConnectMessage = { type: "morgana-connect", version: protocolVersion };
  page.postMessage(message, [port2]);
  const timer = setTimeout(() => gateway.close(), connectTimeoutMs);
  try {
    await gateway.ready;
    return gateway;
  } finally {
    clearTimeout(timer);
  }
}

function remember(document: string, page: string): void {
  pageOf.set(document, page);
  // Documents that have gone are told by nobody.
  const [oldest = ""] = pageOf.keys();
  if (pageOf.size > 1_000) pageOf.delete(oldest);
}

function forget(page: string): void {
  void gateways.get(page)?.then(
    (gateway) => gateway.close(),
    () => {},
  );
  gateways.delete(page);
}

function fieldsOf(request: Request): readonly [string, string][] {
  const { headers, method, mode, referrer } = request;
  const fields = [...headers];
  if (referrer !== "") fields.push(["referer", referrer]);
  // The browser says so only to a network, but for documents.
  const needsOrigin = mode === "cors" || !["GET", "HEAD"].includes(method);
  if (needsOrigin && !headers.has("origin")) fields.push(["origin", originOf(request)]);
  return fields;
}

/** Who asks: of a document anybody may, such as a form of another site. */
function originOf({ mode, referrer }: Request): string {
  if (mode !== "navigate") return new URL(root).origin;
  return referrer === "" ? "null" : new URL(referrer).origin;
}

/** The body, in one piece where it is small or where the browser has no streams of bodies. */
async function bodyOf(
  request: Request,
): Promise<ReadableStream<Uint8Array> | Uint8Array | undefined> {
  if (["GET", "HEAD"].includes(request.method)) return undefined;
  const length = Number(request.headers.get("content-length") ?? Number.NaN);
  if (request.body && !(length <= wholeBodyBytes)) return request.body;
  const bytes = new Uint8Array(await request.arrayBuffer());
  return bytes.length > 0 ? bytes : undefined;
}

function responseOf({ head, body }: Answer, request: Request): Response {
  const { status, statusText, headers } = head;
  const isEmpty = request.method === "HEAD" || [204, 205, 304].includes(status);
  return new Response(isEmpty ? null : (body ?? null), {
    status,
    statusText,
    headers: headers.map(([name, value]): [string, string] => [name, value]),
  });
}
