import type { Console, Network } from "fata-morgana/devices";

export async function start(console: Console, network: Network): Promise<void> {
  for (const length of [13, 14, network.mtu + 14, network.mtu + 15]) {
    try {
      network.write(length, () => length);
      await console.writeLine(`${length}: sent`);
    } catch (error) {
      await console.writeLine(`${length}: ${(error as Error).message}`);
    }
  }
}
