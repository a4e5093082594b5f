import { ProtocolError, type Console, type Stack, type TcpFlow } from "fata-morgana/devices";

/** What a server needs. */
export interface ServerDevices {
  readonly console: Console;
  readonly stack: Stack;
  readonly signal: AbortSignal;
}

/**
 * Echoes on a port of TCP and UDP until it is halted.
 *
 * @see RFC 862
 */
export async function serve(
  { console, stack, signal }: ServerDevices,
  port: number,
): Promise<void> {
  const tell = (addresses: readonly string[]): void => {
    const where = addresses.length === 0 ? "no address yet" : addresses.join(", ");
    void console.writeLine(`Port ${port} of TCP and UDP, at ${where}`);
  };
  const sockets = stack.udp.bind(port);
  sockets.listen(({ bytes, from }) => {
    try {
      // A datagram is borrowed; sending copies it.
      sockets.send(bytes, from);
    } catch (error) {
      // Whoever sends may say that it is from where no route leads.
      if (!(error instanceof ProtocolError)) throw error;
    }
  });
  stack.tcp.listen(port, (flow) => echo(console, flow));
  stack.onAddressesChange(tell);
  tell(stack.addresses);
  await new Promise((resolve) => signal.addEventListener("abort", resolve));
}

async function echo(console: Console, flow: TcpFlow): Promise<void> {
  await using _closing = flow;
  const peer = `${flow.remote.address} port ${flow.remote.port}`;
  await console.writeLine(`${peer} connected`);
  let count = 0;
  for (let chunk = await flow.read(); chunk !== undefined; chunk = await flow.read()) {
    count += chunk.length;
    await flow.write(chunk);
  }
  await console.writeLine(`${peer} is done after ${count} bytes`);
}
