import type { Clock, Console, HttpServer, Random, Stack } from "fata-morgana/devices";
import type { BackendAddress, BackendPolicy } from "fata-morgana/net/proxy/backends";
import { connect, type HttpProxy } from "fata-morgana/net/proxy/http-proxy";

interface Devices {
  readonly console: Console;
  readonly stack: Stack;
  readonly http: HttpServer;
  readonly clock: Clock;
  readonly random: Random;
  readonly signal: AbortSignal;
}

interface Settings {
  readonly backends: readonly BackendAddress[];
  readonly policy: BackendPolicy;
  readonly port: number;
}

/** What is seen of a server that goes away: it is tried for a second, and checked each second. */
const times = { connectMs: 1000, headMs: 10_000 };
const checks = {
  path: "/health",
  intervalMs: 1000,
  timeoutMs: 1000,
  failuresUntilDown: 2,
  isUpAtFirst: false,
};

/** The least time between two lines of status. */
const statusMs = 250;

/** Serves as a proxy, and prints how its servers stand when that changes. */
export async function carry(
  devices: Devices,
  { backends, ...settings }: Settings,
): Promise<number> {
  const { console, stack, http, clock, random, signal } = devices;
  const { policy, port } = settings;
  await using proxy = connect({ stack, clock, random, backends, policy, checks, ...times });
  const changes = new Changes(proxy, signal);
  const names = backends.map(({ host, port: at }) => `${host}:${at}`).join(", ");
  await console.writeLine(`Carrying on to ${names}, once one of them answers`);
  await print(console, proxy);
  // Who comes earlier would only be told that there is no server.
  while (!signal.aborted && !proxy.backends.some(({ isUp }) => isUp)) await changes.next();
  if (signal.aborted) return 0;
  await using _listener = http.serve(port, proxy.handler);
  await console.writeLine(`Serving on port ${port} of ${stack.addresses.join(", ")}`);
  while (!signal.aborted) {
    await print(console, proxy);
    await clock.sleep(statusMs, signal).catch(() => {});
    await changes.next();
  }
  return 0;
}

/** Reads `10.0.0.2,10.0.0.3:8080`; `undefined` if that is something else. */
export function readServers(text: string): readonly BackendAddress[] | undefined {
  const parts = text.split(",");
  const servers = parts.flatMap((part): BackendAddress[] => {
    const [, v6, host = v6, port = "80"] =
      /^(?:\[([\da-f:.]+)\]|([\w.-]+))(?::(\d{1,5}))?$/i.exec(part) ?? [];
    return host === undefined ? [] : [{ host, port: Number(port) }];
  });
  return servers.length === parts.length ? servers : undefined;
}

/** A line for each server, and one for all of them, which the page draws. */
async function print(
  console: Console,
  { backends, counters, nextIndex }: HttpProxy,
): Promise<void> {
  for (const { address, isUp, userCount, requests, failed } of backends) {
    const state = isUp ? "up" : "down";
    await console.writeLine(
      `server ${address.host}:${address.port} ${state}, ${userCount} now, ${requests} requests, ${failed} failed`,
    );
  }
  const next = nextIndex === undefined ? undefined : backends[nextIndex]?.address;
  const nextName = next === undefined ? "nobody" : `${next.host}:${next.port}`;
  await console.writeLine(
    `status next ${nextName}, ${counters["requests"]} requests, ${counters["retries"]} again, ${counters["failed"]} failed`,
  );
}

/** Waits for changes of a proxy's servers; what came while nobody waited counts. */
class Changes {
  #hasChanged = false;
  #wake = (): void => {};

  constructor(proxy: HttpProxy, signal: AbortSignal) {
    const change = (): void => {
      this.#hasChanged = true;
      this.#wake();
    };
    proxy.onChange(change);
    signal.addEventListener("abort", change);
  }

  async next(): Promise<void> {
    if (!this.#hasChanged) await new Promise<void>((resolve) => (this.#wake = resolve));
    this.#hasChanged = false;
  }
}
