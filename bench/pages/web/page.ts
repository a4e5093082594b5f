/** HTTP from one worker to another over the page's switch. */

import { attachToSwitch } from "../../../src/boot/page-network.ts";
import type { Measure, Task } from "./worker.ts";

let lastSwitch = 0;

/** One sample: requests per second, or MB/s. */
async function httpBetween(measure: Measure): Promise<number> {
  const network = `bench-${++lastSwitch}`;
  const workers = (["server", "client"] as const).map((role, index) => {
    const { port1, port2 } = new MessageChannel();
    attachToSwitch(network, port2);
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    const task: Task = { role, measure, port: port1, station: index + 1 };
    worker.postMessage(task, [port1]);
    return worker;
  });
  const answers = workers.map(
    (worker) =>
      new Promise<number>((resolve, reject) => {
        worker.addEventListener("message", ({ data }: MessageEvent<number>) => resolve(data));
        worker.addEventListener("error", ({ message }) => reject(new Error(message)));
      }),
  );
  const answer = await Promise.race(answers);
  for (const worker of workers) worker.terminate();
  return answer;
}

declare global {
  interface Window {
    httpBetween: typeof httpBetween;
  }
}

window.httpBetween = httpBetween;
