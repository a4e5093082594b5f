/** Starts a worker that sends and one that receives, each on a port of the page's switch. */

import { attachToSwitch } from "../../../src/boot/page-network.ts";

/** What is measured. */
export interface Traffic {
  /** Bytes of a frame; over 1,514 it is a segment to be cut. */
  readonly frameBytes: number;
  /** Whether each frame is answered, and the next one waits for the answer. */
  readonly isAnswered: boolean;
  readonly withRing: boolean;
  readonly durationMs: number;
}

/** What arrived in how long. */
export interface Arrived {
  readonly frameCount: number;
  readonly byteCount: number;
  readonly elapsedMs: number;
}

let lastSwitch = 0;

async function measure(traffic: Traffic): Promise<Arrived> {
  const name = `bench-${++lastSwitch}`;
  const stations = ["receive", "send"].map((role, index) => {
    const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
    const { port1, port2 } = new MessageChannel();
    const leave = attachToSwitch(name, port2);
    worker.postMessage({ ...traffic, role, port: port1, station: index + 1 }, [port1]);
    const end = (): void => {
      leave();
      worker.terminate();
    };
    return { worker, end };
  });
  const arrived = await new Promise<Arrived>((resolve) => {
    for (const { worker } of stations)
      worker.addEventListener("message", ({ data }) => resolve(data));
  });
  for (const { end } of stations) end();
  return arrived;
}

declare global {
  interface Window {
    /** Measures one kind of traffic. */
    measure: typeof measure;
  }
}

window.measure = measure;
