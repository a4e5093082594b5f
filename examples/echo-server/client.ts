import { ProtocolError, ResolverError, type Clock, type TcpFlow } from "fata-morgana/devices";
import type { ServerDevices } from "./server.ts";

interface ClientDevices extends ServerDevices {
  readonly clock: Clock;
}

/** A server that starts together with us may need a moment. */
const tries = 10;
const retryMs = 500;

/** Sends a greeting, then each line that is typed, and prints what comes back. */
export async function ask(devices: ClientDevices, host: string, port: number): Promise<number> {
  const { console, stack, signal } = devices;
  try {
    await stack.configured(signal);
    await using flow = await connect(devices, host, port);
    await console.writeLine(`Connected to ${flow.remote.address} port ${flow.remote.port}`);
    for (let line: string | undefined = "Hello!"; line !== undefined;) {
      const answer = await exchange(flow, line, signal);
      if (answer === undefined) break;
      await console.writeLine(`Echo: ${answer}`);
      line = await console.readLine(signal);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof ProtocolError) && !(error instanceof ResolverError)) throw error;
    await console.writeLine(error.message);
    return 1;
  }
}

async function connect(
  { stack, clock, signal }: ClientDevices,
  host: string,
  port: number,
): Promise<TcpFlow> {
  for (let count = 1; ; count += 1) {
    try {
      return await stack.connect(host, port, { signal });
    } catch (error) {
      const mayCome =
        error instanceof ProtocolError && ["refused", "unreachable"].includes(error.code);
      if (!mayCome || count === tries) throw error;
      await clock.sleep(retryMs, signal);
    }
  }
}

/** Writes a line and reads it back; `undefined` if the peer has closed meanwhile. */
async function exchange(
  flow: TcpFlow,
  line: string,
  signal: AbortSignal,
): Promise<string | undefined> {
  const bytes = new TextEncoder().encode(line);
  await flow.write(bytes);
  const decoder = new TextDecoder();
  let text = "";
  for (let rest = bytes.length; rest > 0;) {
    const chunk = await flow.read(signal);
    if (chunk === undefined) return undefined;
    rest -= chunk.length;
    text += decoder.decode(chunk, { stream: true });
  }
  return text;
}
