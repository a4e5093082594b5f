/** Runs measures in a worker of their own, or a stream between two on the page's switch. */

import { attachToSwitch } from "../../../src/boot/page-network.ts";
import type { Task } from "./worker.ts";

let lastSwitch = 0;

function start(task: Task, transfer: readonly Transferable[] = []): Worker {
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  worker.postMessage(task, [...transfer]);
  return worker;
}

function answerOf(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.addEventListener("message", ({ data }: MessageEvent<number>) => resolve(data));
    worker.addEventListener("error", ({ message }) => reject(new Error(message)));
  });
}

/** One sample of a measure of one thread. */
async function sample(name: string): Promise<number> {
  const worker = start({ role: "measure", name });
  const answer = await answerOf(worker);
  worker.terminate();
  return answer;
}

/** A stream from one worker to another: MB/s. */
async function between(withRing: boolean): Promise<number> {
  const network = `bench-${++lastSwitch}`;
  const workers = (["receive", "send"] as const).map((role, index) => {
    const { port1, port2 } = new MessageChannel();
    attachToSwitch(network, port2);
    return start({ role, port: port1, station: 2 - index, withRing }, [port1]);
  });
  const answer = await Promise.race(workers.map(answerOf));
  for (const worker of workers) worker.terminate();
  return answer;
}

declare global {
  interface Window {
    sample: typeof sample;
    between: typeof between;
  }
}

window.sample = sample;
window.between = between;
