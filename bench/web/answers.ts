/** What a server answers in the measures. */

const smallBody = "a".repeat(100);
const headers = { "content-type": "text/plain" };

/** 100 bytes. */
export function small(): Response {
  return new Response(smallBody, { headers });
}

/** Bytes of {@link big}. */
export const bigBytes: number = 100 * 2 ** 20;

/** 100 MiB, in pieces of 256 KiB. */
export function big(): Response {
  const piece = new Uint8Array(256 * 1024).fill(97);
  let left = bigBytes;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      if (left === 0) return controller.close();
      left -= piece.length;
      controller.enqueue(piece.slice());
    },
  });
  return new Response(body, { headers: { "content-length": String(bigBytes) } });
}
