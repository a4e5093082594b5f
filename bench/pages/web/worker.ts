/** A worker with an HTTP server, or with a client that measures it. */

import { connect as connectClient } from "../../../src/net/http/client.ts";
import { connect as connectServer } from "../../../src/net/http/server.ts";
import { connect as connectClock } from "../../../src/platform-js/clock.ts";
import { connect, inPageOffloads } from "../../../src/platform-js/network-message-port.ts";
import { requestRing } from "../../../src/platform-js/network-ring-request.ts";
import { connect as connectRandom } from "../../../src/platform-js/random.ts";
import { stackOn } from "../../net/measures.ts";
import { big, bigBytes, small } from "../../web/answers.ts";

/** What is measured. */
export type Measure = "requests" | "body";

/** What a worker is to do. */
export interface Task {
  readonly role: "server" | "client";
  readonly measure: Measure;
  readonly port: MessagePort;
  readonly station: number;
}

const requestCount = 60_000;
const connectionCount = 32;
const origin = "http://10.0.0.1";

const platform = { clock: connectClock(), random: connectRandom() };

addEventListener("message", ({ data }: MessageEvent<Task>) => void perform(data));

async function perform({ role, measure, port, station }: Task): Promise<void> {
  const mac = Uint8Array.of(2, 0, 0, 0, 0, station);
  const network = connect({ port, mac, offloads: inPageOffloads });
  requestRing(network);
  const stack = await stackOn(network, station, platform);
  const { clock } = platform;
  if (role === "server") {
    const server = connectServer({ tcp: stack.tcp, clock });
    server.serve(80, ({ url }) => (url.endsWith("/big") ? big() : small()));
    return;
  }
  const client = connectClient({
    stack,
    clock,
    settings: { originConnections: connectionCount },
  });
  const fetch: Fetch = (request) => client.fetch(request);
  // The other worker may not be there yet.
  for (;;) {
    try {
      await (await fetch(new Request(`${origin}/`))).text();
      break;
    } catch {
      await clock.sleep(20);
    }
  }
  postMessage(measure === "requests" ? await requestRate(fetch) : await bodyRate(fetch));
}

type Fetch = (request: Request) => Promise<Response>;

async function requestRate(fetch: Fetch): Promise<number> {
  let left = requestCount;
  const startMs = performance.now();
  const loops = Array.from({ length: connectionCount }, async () => {
    const request = new Request(`${origin}/`);
    while (left-- > 0) {
      const response = await fetch(request);
      if ((await response.text()).length !== 100) throw new Error("A short answer");
    }
  });
  await Promise.all(loops);
  return requestCount / ((performance.now() - startMs) / 1000);
}

async function bodyRate(fetch: Fetch): Promise<number> {
  const startMs = performance.now();
  const { body } = await fetch(new Request(`${origin}/big`));
  let count = 0;
  for await (const chunk of body ?? []) count += chunk.length;
  if (count !== bigBytes) throw new Error(`${count} bytes of ${bigBytes}`);
  return count / 1e6 / ((performance.now() - startMs) / 1000);
}
