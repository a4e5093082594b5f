import type { Context } from "fata-morgana/config";
import type { Clock, Console, Network } from "fata-morgana/devices";
import { requestRing } from "fata-morgana/platform-js/network-ring-request";

export async function start(
  console: Console,
  network: Network,
  clock: Clock,
  { signal }: Context<object>,
): Promise<void> {
  requestRing(network);
  const told = new Set<string>();
  network.listen({
    borrows: true,
    frame({ buffer }) {
      const { name } = buffer.constructor;
      if (!told.has(name)) void console.writeLine(`a frame in a ${name}`);
      told.add(name);
    },
  });
  while (true) {
    network.write(60, (into) => {
      into.fill(0xff, 0, 6);
      into.set(network.mac, 6);
      return into.length;
    });
    await clock.sleep(50, signal);
  }
}
