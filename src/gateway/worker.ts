/**
 * The gateway's worker: a network stack on the page's switch and an HTTP client on it, for the
 * service workers that ask.
 */

import "../boot/polyfill.ts";
import { ProtocolError } from "../devices/errors.ts";
import type { Stack } from "../devices/index.ts";
import { parseAddress, parsePrefix } from "../net/address.ts";
import { connect as connectClient } from "../net/http/client.ts";
import { connect as connectStack } from "../net/stack.ts";
import { connect as connectClock } from "../platform-js/clock.ts";
import { connect as connectNetwork, inPageOffloads } from "../platform-js/network-message-port.ts";
import { connect as connectRandom } from "../platform-js/random.ts";
import { CookieJar } from "./cookie-jar.ts";
import { servePort } from "./served-port.ts";
import { SiteGateway } from "./site-gateway.ts";
import type { GatewayOptions, WorkerMessage } from "./worker-protocol.ts";

/** The group of all hosts on a link (RFC 4291, 2.7.1). */
const allNodes = "ff02::1";

/** Within a page nothing is far away: whoever takes longer was halted, or hangs. */
const connectTimeoutMs = 5_000;
const userTimeoutMs = 10_000;

const gateway = Promise.withResolvers<SiteGateway>();

addEventListener("message", ({ data }: MessageEvent<WorkerMessage>) => {
  if (data.type === "start")
    start(data.network, data.options).then(gateway.resolve, gateway.reject);
  else void gateway.promise.then((site) => obey(site, data));
});

function obey(site: SiteGateway, message: Exclude<WorkerMessage, { type: "start" }>): void {
  if (message.type === "serve") servePort(site, message.port);
  else site.allowsScripts = message.allowed;
}

async function start(port: MessagePort, options: GatewayOptions): Promise<SiteGateway> {
  const clock = connectClock();
  const random = connectRandom();
  const mac = random.fill(new Uint8Array(6));
  mac[0] = ((mac[0] ?? 0) & 0xfc) | 2;
  const network = connectNetwork({ port, mac, offloads: inPageOffloads });
  const address = parsePrefix(options.ipv4);
  const ipv4 = address?.address.length === 4 ? { address } : ("none" as const);
  const stack = await connectStack({ network, clock, random, ipv4 });
  return new SiteGateway({
    client: connectClient({ stack, clock, settings: { connectTimeoutMs, userTimeoutMs } }),
    cookies: new CookieJar(() => clock.wallMs()),
    find: () => findServer(stack, options),
    allowsScripts: options.allowsScripts,
    sleep: (ms) => clock.sleep(ms),
    nowMs: () => clock.monotonicMs(),
  });
}

/** The server that the page names, or else whoever is on its network, by the address of the link. */
async function findServer(stack: Stack, { host, port }: GatewayOptions): Promise<string> {
  const found = host === "" ? await anybody(stack) : host;
  const authority = parseAddress(found)?.length === 16 ? `[${found}]` : found;
  return `http://${authority}${port === 80 ? "" : `:${port}`}`;
}

async function anybody(stack: Stack): Promise<string> {
  await stack.configured();
  try {
    const reply = await stack.icmp?.echo(allNodes, { payloadBytes: 0, timeoutMs: 200 });
    if (reply !== undefined) return reply.address;
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
  }
  const reason = "nobody on the page's network answers; has it booted?";
  throw new ProtocolError("unreachable", `Cannot find a unikernel: ${reason}`);
}
