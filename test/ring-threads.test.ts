/** A ring between two threads that write and read at the same time. */

import { Worker } from "node:worker_threads";
import { afterEach, expect, test, vi } from "vitest";
import { connect } from "../src/platform-js/network-message-port.ts";
import { offerOnRequest } from "../src/platform-js/network-ring-request.ts";

const frameCount = 20_000;

/** The other thread sends numbered frames of many lengths, each again until there is room. */
const sender = `
  import { workerData } from "node:worker_threads";
  globalThis.crossOriginIsolated = true;
  const { port, frameCount, files } = workerData;
  const { connect } = await import(files.driver);
  const { requestRing } = await import(files.request);
  const network = connect({ port, mac: Uint8Array.of(2, 0, 0, 0, 0, 1) });
  requestRing(network, () => import(files.ring));
  let next = 0;
  network.listen({ borrows: true, frame() {} });
  const turn = () => {
    for (let count = 0; count < 50 && next < frameCount; count += 1) {
      const length = 60 + ((next * 7919) % 1400);
      const { droppedOut } = network.counters;
      network.write(length, (into) => {
        into.fill(next & 0xff);
        new DataView(into.buffer, into.byteOffset).setUint32(14, next);
        return length;
      });
      if (network.counters.droppedOut > droppedOut) break;
      next += 1;
    }
    if (next < frameCount) setImmediate(turn);
  };
  turn();
`;

afterEach(() => vi.unstubAllGlobals());

test("frames arrive once, in order and as they were, while both threads are at work", async () => {
  vi.stubGlobal("crossOriginIsolated", true);
  const { port1, port2 } = new MessageChannel();
  const network = connect({ port: port1, mac: Uint8Array.of(2, 0, 0, 0, 0, 2) });
  offerOnRequest(network);
  const memories = new Set<string>();
  let expected = 0;
  let wrongCount = 0;
  const done = new Promise<void>((resolve) => {
    network.listen({
      borrows: true,
      frame(frame) {
        memories.add(frame.buffer.constructor.name);
        const number = new DataView(frame.buffer, frame.byteOffset).getUint32(14);
        const isRight =
          number === expected &&
          frame.length === 60 + ((number * 7919) % 1400) &&
          frame.at(-1) === (number & 0xff);
        if (!isRight) wrongCount += 1;
        expected += 1;
        if (expected === frameCount) resolve();
      },
    });
  });
  const built = (name: string): string =>
    new URL(`../dist/platform-js/${name}.js`, import.meta.url).href;
  const files = {
    driver: built("network-message-port"),
    request: built("network-ring-request"),
    ring: built("network-ring"),
  };
  const script = new URL(`data:text/javascript,${encodeURIComponent(sender)}`);
  const worker = new Worker(script, {
    workerData: { port: port2, frameCount, files },
    transferList: [port2 as unknown as import("node:worker_threads").MessagePort],
  });
  const failed = new Promise<never>((_, reject) => worker.once("error", reject));
  try {
    await Promise.race([done, failed]);
  } finally {
    await worker.terminate();
  }
  expect(wrongCount).toBe(0);
  expect(memories).toContain("SharedArrayBuffer");
});
