import { expect, test } from "vitest";
import { bytesOf } from "../../../test/http-flows.ts";
import { RepeatableBody } from "./repeatable-body.ts";

function bodyOf(texts: readonly string[], keptBytes = 100): RepeatableBody {
  const chunks = texts.values();
  const stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull(controller) {
        const next = chunks.next();
        if (next.done === true) controller.close();
        else controller.enqueue(bytesOf(next.value));
      },
    },
    { highWaterMark: 0 },
  );
  return new RepeatableBody(stream, keptBytes);
}

const textOf = (stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> =>
  new Response(stream).text();

test("stream() gives all of a body each time, also when the first was given up in the middle", async () => {
  const body = bodyOf(["one ", "two ", "three"]);
  const first = body.stream().getReader();
  await first.read();
  const pending = first.read();
  await first.cancel();
  const second = textOf(body.stream());
  await pending;
  expect(await second).toBe("one two three");
  expect(await textOf(body.stream())).toBe("one two three");
  expect(body.byteCount).toBe(13);
});

test("stream() keeps no more than it may, and says so", async () => {
  const body = bodyOf(["12345", "67890", "!"], 9);
  expect(await textOf(body.stream())).toBe("1234567890!");
  expect(body.isRepeatable).toBe(false);
});

test("stream() fails as its body does, and remembers that", async () => {
  const error = new Error("gone");
  const body = new RepeatableBody(
    new ReadableStream({ pull: (controller) => controller.error(error) }),
    9,
  );
  await expect(body.stream().getReader().read()).rejects.toBe(error);
  expect(body.failure).toEqual({ error });
});
