/**
 * A program: runs the laws of Network over pairs of sockets that it was started with, as descriptors
 * 3 and 4, 5 and 6 and so on, and writes what came of each as JSON, by name.
 */

import { networkLaws } from "../src/conformance/index.ts";
import type { Network } from "../src/devices/index.ts";
import { connect } from "../src/platform-node/network-socket.ts";

let nextFd = 3;

async function connectEnd(): Promise<Network> {
  return connect({ link: { kind: "fd", fd: nextFd++ } });
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 12; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const connectPair = async (): Promise<[Network, Network]> => [
  await connectEnd(),
  await connectEnd(),
];

const results: Record<string, string> = {};
for (const law of networkLaws({ connectPair, settle })) {
  results[law.name] = await law.run().then(
    () => "kept",
    (error: unknown) => String(error),
  );
}
process.stdout.write(JSON.stringify(results), () => process.exit());
