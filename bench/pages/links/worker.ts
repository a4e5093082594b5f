/**
 * A station that sends, as much as its link takes or one frame after each answer, or one that
 * answers and counts what arrives.
 */

import type { FrameOffload, Network } from "../../../src/devices/index.ts";
import { connect, inPageOffloads } from "../../../src/platform-js/network-message-port.ts";
import { requestRing } from "../../../src/platform-js/network-ring-request.ts";
import type { Arrived, Traffic } from "./page.ts";

interface Task extends Traffic {
  readonly role: "send" | "receive";
  readonly port: MessagePort;
  readonly station: number;
}

/** Before this nothing is counted. */
const warmUpMs = 500;

/** What is written before others have their turn. */
const turnBytes = 1024 * 1024;

addEventListener("message", ({ data }: MessageEvent<Task>) => {
  const { role, port, station, withRing } = data;
  const mac = Uint8Array.of(2, 0, 0, 0, 0, station);
  const network = connect({ port, mac, offloads: inPageOffloads });
  if (withRing) requestRing(network);
  if (role === "send") send(network, data);
  else receive(network, data);
});

function receive(network: Network, { durationMs, isAnswered }: Task): void {
  let frameCount = 0;
  let byteCount = 0;
  let startMs = 0;
  let announcing = true;
  const answer = (into: Uint8Array): number => {
    into.fill(0);
    into.set([2, 0, 0, 0, 0, 2, ...network.mac]);
    return into.length;
  };
  network.listen({
    borrows: true,
    frame({ length }) {
      frameCount += 1;
      byteCount += length;
      if (isAnswered) network.write(length, answer);
    },
    batchEnd() {
      announcing = false;
      const nowMs = performance.now();
      if (startMs === 0 || nowMs - startMs < 0) {
        startMs ||= nowMs + warmUpMs;
        frameCount = 0;
        byteCount = 0;
      } else if (nowMs - startMs > durationMs && frameCount > 0) {
        postMessage({ frameCount, byteCount, elapsedMs: nowMs - startMs } satisfies Arrived);
        frameCount = 0;
        startMs = Number.POSITIVE_INFINITY;
      }
    },
  });
  // So that the switch knows where this station is, whoever was there first.
  const announce = (): void => {
    if (!announcing) return;
    network.write(60, (into) => {
      into.fill(0);
      into.fill(0xff, 0, 6);
      into.set(network.mac, 6);
      return 60;
    });
    setTimeout(announce, 50);
  };
  announce();
}

function send(network: Network, { frameBytes, isAnswered }: Task): void {
  const offload: FrameOffload | undefined =
    frameBytes > 1514 ? { checksumOmitted: true, segmentBytes: 1460 } : undefined;
  const payload = new Uint8Array(frameBytes);
  payload.set([2, 0, 0, 0, 0, 1, ...network.mac, 0x08, 0]);
  const fill = (into: Uint8Array): number => {
    into.set(payload);
    return frameBytes;
  };
  const turns = new MessageChannel();
  turns.port1.onmessage = () => {
    const { droppedOut } = network.counters;
    for (let sent = 0; sent < turnBytes; sent += frameBytes) {
      network.write(frameBytes, fill, offload);
      if (network.counters.droppedOut > droppedOut) break;
    }
    turns.port2.postMessage(undefined);
  };
  if (isAnswered) {
    network.listen({ borrows: true, frame: () => network.write(frameBytes, fill) });
    return;
  }
  network.listen({
    borrows: true,
    frame() {
      // The other station is there.
      network.listen({ borrows: true, frame() {} });
      turns.port2.postMessage(undefined);
    },
  });
}
