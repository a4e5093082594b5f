import { HttpError, type Clock, type Console, type HttpClient } from "fata-morgana/devices";

interface Devices {
  readonly console: Console;
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** A server that starts together with us may need a moment. */
const tries = 10;
const retryMs = 500;

/** Fetches a URL and prints the response: status, headers, and the body as it arrives. */
export async function print(devices: Devices, url: string): Promise<number> {
  const { console } = devices;
  if (!URL.canParse(url)) {
    await console.writeLine(`${url} is no URL`);
    return 1;
  }
  try {
    const response = await fetchSoon(devices, url);
    await console.writeLine(`HTTP ${response.status} ${response.statusText} ${response.url}`);
    for (const [name, value] of response.headers) await console.writeLine(`${name}: ${value}`);
    await console.writeLine("");
    await printBody(console, response);
    return response.ok ? 0 : 1;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    await console.writeLine(error.message);
    return 1;
  }
}

async function fetchSoon({ client, clock, signal }: Devices, url: string): Promise<Response> {
  for (let count = 1; ; count += 1) {
    try {
      return await client.fetch(new Request(url, { signal }));
    } catch (error) {
      const mayCome = error instanceof HttpError && codeOf(error.cause) === "refused";
      if (!mayCome || count === tries) throw error;
      await clock.sleep(retryMs, signal);
    }
  }
}

function codeOf(cause: unknown): unknown {
  return cause instanceof Error && "code" in cause ? cause.code : undefined;
}

async function printBody(console: Console, response: Response): Promise<void> {
  const type = response.headers.get("content-type") ?? "";
  const isText = /^text\/|[/+](?:json|xml|javascript)\b/.test(type);
  const decoder = new TextDecoder();
  let byteCount = 0;
  for await (const bytes of response.body ?? []) {
    byteCount += bytes.length;
    if (isText) await console.write(decoder.decode(bytes, { stream: true }));
  }
  if (!isText) await console.write(`(not text)\n`);
  await console.writeLine(`\n${byteCount} bytes`);
}
