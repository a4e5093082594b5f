import { HttpError, type Clock, type Console, type HttpClient } from "fata-morgana/devices";

interface Devices {
  readonly console: Console;
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Asks for a URL again and again, and prints who answers. */
export async function ask(devices: Devices, url: string, everyMs: number): Promise<number> {
  const { console, clock, signal } = devices;
  if (!URL.canParse(url)) {
    await console.writeLine(`${url} is no URL`);
    return 64;
  }
  for (let number = 1; !signal.aborted; number += 1) {
    const startMs = clock.monotonicMs();
    const answer = await askOnce(devices, url);
    if (signal.aborted) break;
    const tookMs = Math.round(clock.monotonicMs() - startMs);
    await console.writeLine(`${number}: ${answer}, ${tookMs} ms`);
    await clock.sleep(everyMs, signal).catch(() => {});
  }
  return 0;
}

async function askOnce({ client, signal }: Devices, url: string): Promise<string> {
  try {
    const response = await client.fetch(new Request(url, { signal }));
    const text = await response.text();
    return response.headers.get("x-served-by") ?? text.trim();
  } catch (error) {
    if (error instanceof HttpError) return error.message;
    if (signal.aborted) return "";
    throw error;
  }
}
