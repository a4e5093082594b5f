import type { TcpFlow } from "../../devices/index.ts";
import type { FlowReader } from "./flow-reader.ts";
import { lingerBytes, lingerMs } from "./limits.ts";

/**
 * Ends a connection so that its client gets the last answer: input that is not read would make an
 * abort of it, which can overtake the answer (RFC 9112, 9.6). So input is dropped until the client
 * ends its side, for a while.
 *
 * @throws {FlowError} if the flow fails before all is queued
 */
export async function endGently(flow: TcpFlow, reader: FlowReader): Promise<void> {
  await flow.shutdown("write");
  reader.setPatience(lingerMs);
  let left = lingerBytes;
  try {
    do {
      left -= reader.byteCount;
      reader.consume(reader.byteCount);
    } while (left > 0 && (await reader.more()));
  } catch {
    // It has had its time.
  }
  reader.release();
  await flow[Symbol.asyncDispose]();
}
