/** A worker that measures by itself, or is one end of a stream. */

import type { Network } from "../../../src/devices/index.ts";
import { connect as connectClock } from "../../../src/platform-js/clock.ts";
import { connect, inPageOffloads } from "../../../src/platform-js/network-message-port.ts";
import { requestRing } from "../../../src/platform-js/network-ring-request.ts";
import { connect as connectRandom } from "../../../src/platform-js/random.ts";
import { measures, pour, stackOn, swallow } from "../../net/measures.ts";

/** What a worker is to do. */
export type Task =
  | { readonly role: "measure"; readonly name: string }
  | {
      readonly role: "send" | "receive";
      readonly port: MessagePort;
      readonly station: number;
      readonly withRing: boolean;
    };

const byteCount = 1e9;

const platform = { clock: connectClock(), random: connectRandom() };

addEventListener("message", ({ data }: MessageEvent<Task>) => void perform(data));

async function perform(task: Task): Promise<void> {
  if (task.role === "measure") {
    postMessage(await measures[task.name]?.sample(platform));
    return;
  }
  const mac = Uint8Array.of(2, 0, 0, 0, 0, task.station);
  const network = connect({ port: task.port, mac, offloads: inPageOffloads });
  if (task.withRing) requestRing(network);
  await (task.role === "send" ? send(network) : receive(network));
}

async function receive(network: Network): Promise<void> {
  const stack = await stackOn(network, 2, platform);
  let startMs = 0;
  stack.tcp.listen(8, () => {
    startMs = performance.now();
  });
  const count = await swallow(stack, 9);
  postMessage(count / 1e6 / ((performance.now() - startMs) / 1000));
}

async function send(network: Network): Promise<void> {
  const stack = await stackOn(network, 1, platform);
  // The other worker may not be there yet.
  for (;;) {
    try {
      await stack.tcp.connect({ address: "10.0.0.2", port: 8 });
      break;
    } catch {
      await platform.clock.sleep(20);
    }
  }
  const flow = await stack.tcp.connect({ address: "10.0.0.2", port: 9 });
  await pour(flow, byteCount);
}
