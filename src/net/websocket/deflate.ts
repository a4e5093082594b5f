/**
 * Messages compressed each for itself (RFC 7692), by the platform's own streams.
 *
 * Those know no flush, only an end: what we send ends with a final block, which section 7.2.3.4
 * allows. What we get mostly ends without, so that an empty final block is added.
 */

/** What a message ends with that RFC 7692, 7.2.2 took off, and then an empty final block. */
const tail = Uint8Array.of(0, 0, 0xff, 0xff, 1, 0, 0, 0xff, 0xff);

/**
 * How much is fed at a time. All that a platform makes of it is in memory at once: a thousand
 * times as much at most, which bounds what a bomb can do before it is over its limit.
 */
const stepBytes = 1024;

/** Whether the platform compresses and inflates without the headers of zlib. */
export function canDeflate(): boolean {
  try {
    return [CompressionStream, DecompressionStream].every((Codec) => new Codec("deflate-raw"));
  } catch {
    return false;
  }
}

/** Compresses a message (*borrowed* until it resolves). */
export async function deflate(message: Uint8Array): Promise<Uint8Array> {
  const stream = new CompressionStream("deflate-raw");
  const deflated = await pass(stream, [message], Infinity);
  if (typeof deflated === "string") throw new TypeError("Cannot compress a message");
  // The first byte of the empty block whose other four are left out (section 7.2.1).
  return concatenate([deflated, Uint8Array.of(0)]);
}

/**
 * Inflates a message (*borrowed* until it resolves) of at most `maxBytes`, *fresh*. `malformed` is
 * one that makes no sense, or needs what an earlier message said.
 */
export async function inflate(
  message: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array | "malformed" | "too-large"> {
  if (message.length === 0) return message;
  const inflated = await pass(new DecompressionStream("deflate-raw"), [message, tail], maxBytes);
  if (inflated !== "malformed") return inflated;
  // If it ends with a final block, the tail behind it was too much, and the byte before it too.
  const final = message.subarray(0, -1);
  return pass(new DecompressionStream("deflate-raw"), [final], maxBytes);
}

async function pass(
  { readable, writable }: CompressionStream,
  parts: readonly Uint8Array[],
  maxBytes: number,
): Promise<Uint8Array | "malformed" | "too-large"> {
  const reader = readable.getReader();
  // Reading fails for the same reason, and that is where it is heard.
  feed(writable, parts).catch(() => {});
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      length += next.value.length;
      if (length > maxBytes) {
        await reader.cancel();
        return "too-large";
      }
      chunks.push(next.value);
    }
  } catch {
    return "malformed";
  }
  return concatenate(chunks);
}

async function feed(
  writable: WritableStream<Uint8Array>,
  parts: readonly Uint8Array[],
): Promise<void> {
  const writer = writable.getWriter();
  writer.closed.catch(() => {});
  for (const part of parts) {
    for (let at = 0; at < part.length; at += stepBytes) {
      await writer.write(part.subarray(at, at + stepBytes));
    }
  }
  await writer.close();
}

/** All of `chunks` in one; the only one as it is. */
export function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  const [first] = chunks;
  if (chunks.length === 1 && first !== undefined) return first;
  const bytes = new Uint8Array(chunks.reduce((total, { length }) => total + length, 0));
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}
