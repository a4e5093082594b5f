import fc from "fast-check";
import { expect, test } from "vitest";
import { bytesOf, httpSimulation, MemoryFlow, textOf } from "../../../test/http-flows.ts";

import { bodyOf, drain, readWhole, type BodyReader } from "./body.ts";
import { chunkedBodyWriter, plainBodyWriter } from "./body-writer.ts";
import { FlowReader } from "./flow-reader.ts";
import type { Framing } from "./framing.ts";

const limits = { bodyBytes: 1000, bodyTimeoutMs: 10_000, fieldBytes: 100, fieldCount: 3 };
const simulation = httpSimulation();
const chunked: Framing = { kind: "chunked" };

/** A body that arrives in pieces. */
function arriving(
  framing: Framing,
  ...pieces: readonly (string | undefined)[]
): [BodyReader, FlowReader] {
  const flow = new MemoryFlow();
  for (const piece of pieces) flow.arrive(piece);
  const reader = new FlowReader(flow, simulation.clock);
  return [bodyOf(framing, reader, limits), reader];
}

async function textOfBody(body: BodyReader): Promise<string> {
  return textOf(await readWhole(body));
}

test("read() gives as many bytes as the length says, and leaves the rest", async () => {
  const [body, reader] = arriving({ kind: "length", byteCount: 5 }, "ab", "c", "defg");
  expect(body.byteCount).toBe(5);
  expect(await textOfBody(body)).toBe("abcde");
  expect([body.isEnded, textOf(reader.take(9))]).toEqual([true, "fg"]);
});

test("read() gives all until the flow ends, where nothing else ends the body", async () => {
  const [body] = arriving({ kind: "until-close" }, "ab", "cd", undefined);
  expect(await textOfBody(body)).toBe("abcd");
});

test("read() takes the coding off, and drops extensions and trailers", async () => {
  const [body, reader] = arriving(
    chunked,
    "3;a=b\r\nabc\r\n00A\r\n0123456789\r\n0\r\nT: u\r\n\r\nrest",
  );
  expect(await textOfBody(body)).toBe("abc0123456789");
  expect([body.isEnded, textOf(reader.take(9))]).toEqual([true, "rest"]);
});

test.each([
  ["no size", "\r\nabc\r\n0\r\n\r\n", "bad-chunk"],
  ["a size with a sign", "+3\r\nabc\r\n0\r\n\r\n", "bad-chunk"],
  ["a size with 0x", "0x3\r\nabc\r\n0\r\n\r\n", "bad-chunk"],
  ["a size after a space", " 3\r\nabc\r\n0\r\n\r\n", "bad-chunk"],
  ["a size before a space", "3 \r\nabc\r\n0\r\n\r\n", "bad-chunk"],
  ["a size with an underscore", "1_0\r\nabc\r\n0\r\n\r\n", "bad-chunk"],
  ["a size that is no number", "xyz\r\nabc\r\n0\r\n\r\n", "bad-chunk"],
  ["a size that wraps round", "10000000000000003\r\nabc\r\n0\r\n\r\n", "bad-chunk"],
  ["bare LF behind the size", "3\nabc\r\n0\r\n\r\n", "bad-chunk"],
  ["bare CR in an extension", "3;a\rb\r\nabc\r\n0\r\n\r\n", "bad-chunk"],
  ["bare LF in an extension", "3;a\nabc\r\n0\r\n\r\n", "bad-chunk"],
  ["bare LF behind the data", "3\r\nabc\n0\r\n\r\n", "bad-chunk"],
  ["two bytes for the end of data", "3\r\nabcXX0\r\n\r\n", "bad-chunk"],
  ["more data than the size", "3\r\nabcd\r\n0\r\n\r\n", "bad-chunk"],
  ["a long extension", `3;${"a".repeat(300)}\r\nabc\r\n0\r\n\r\n`, "chunk-line-too-long"],
  ["a line without an end", "1".repeat(300), "chunk-line-too-long"],
  [
    "many extensions",
    `${`1;${"a".repeat(250)}\r\nb\r\n`.repeat(70)}0\r\n\r\n`,
    "chunk-line-too-long",
  ],
  ["bare LF behind the last chunk", "0\r\n\n", "bare-line-end"],
  ["a trailer without a colon", "0\r\nabc\r\n\r\n", "bad-field-name"],
  ["large trailers", `0\r\nA: ${"b".repeat(200)}\r\n\r\n`, "fields-too-large"],
  ["many trailers", "0\r\na:\r\nb:\r\nc:\r\nd:\r\n\r\n", "too-many-fields"],
  ["too many bytes", "3e9\r\n".padEnd(1100, "x"), "body-too-large"],
])("read() refuses a chunked body with %s", async (_what, text, refusal) => {
  const [body] = arriving(chunked, text, undefined);
  await expect(textOfBody(body)).rejects.toThrow("Cannot read the message");
  expect(body.refusal).toBe(refusal);
  await expect(body.read()).rejects.toThrow("Cannot read the message");
});

test("read() says that a body was cut off, however it is delimited", async () => {
  for (const [framing, text] of [
    [{ kind: "length", byteCount: 9 }, "abc"],
    [chunked, "9\r\nabc"],
    [chunked, "3\r\nabc\r\n"],
    [chunked, "3\r\nabc\r\n0\r\n"],
  ] as const) {
    const [body] = arriving(framing, text, undefined);
    await expect(textOfBody(body)).rejects.toMatchObject({ code: "malformed" });
    expect(body.refusal).toBe("cut-off");
  }
});

test("read() refuses a length that is over the limit, and gives nothing", async () => {
  const [body] = arriving({ kind: "length", byteCount: 1001 }, "abc");
  await expect(body.read()).rejects.toMatchObject({ code: "too-large" });
});

test("read() gives up when nothing arrives for long enough", async () => {
  const [body] = arriving({ kind: "length", byteCount: 9 }, "abc");
  const reading = expect(textOfBody(body)).rejects.toMatchObject({ code: "timed-out" });
  await simulation.run(async () => simulation.clock.sleep(10_001));
  await reading;
  expect(body.refusal).toBe("body-timed-out");
});

test("drain() drops what is left, up to a bound", async () => {
  const [body, reader] = arriving({ kind: "length", byteCount: 5 }, "abcdefg");
  expect(await drain(body, 5)).toBe(true);
  expect(textOf(reader.take(9))).toBe("fg");
  expect(await drain(arriving({ kind: "length", byteCount: 5 }, "abc")[0], 4)).toBe(false);
  expect(await drain(arriving(chunked, "3\r\nabc\r\n0\r\n\r\n")[0], 3)).toBe(true);
  expect(await drain(arriving(chunked, "3\r\nabc\r\n0\r\n\r\n")[0], 2)).toBe(false);
  expect(await drain(arriving(chunked, "3\nabc")[0], 9)).toBe(false);
});

test("read() gives what chunkedBodyWriter() wrote, however it is cut", async () => {
  const chunk = fc.uint8Array({ maxLength: 40 });
  const property = fc.asyncProperty(
    fc.array(chunk),
    fc.array(fc.nat(500)),
    async (chunks, cuts) => {
      const flow = new MemoryFlow();
      const writer = chunkedBodyWriter(flow);
      for (const chunk of chunks) await writer.write(chunk);
      await writer.end();
      const { text } = flow;
      const ends = [...cuts.filter((cut) => cut < text.length), text.length].sort((a, b) => a - b);
      const pieces = ends.map((end, index) => text.slice(ends[index - 1] ?? 0, end));
      const [body] = arriving(chunked, ...pieces.filter((piece) => piece !== ""));
      const whole = await readWhole(body);
      expect([...whole]).toEqual(chunks.flatMap((chunk) => [...chunk]));
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

test("chunkedBodyWriter() writes a large chunk as it is", async () => {
  const flow = new MemoryFlow();
  const large = new Uint8Array(20_000).fill(7);
  await chunkedBodyWriter(flow).write(large);
  expect(flow.written.map(({ length }) => length)).toEqual([6, 20_000, 2]);
  expect(flow.written[1]).toBe(large);
});

test("plainBodyWriter() refuses to be longer or shorter than it said", async () => {
  const flow = new MemoryFlow();
  const writer = plainBodyWriter(flow, 5);
  await writer.write(bytesOf("abc"));
  await expect(writer.write(bytesOf("def"))).rejects.toThrow("Cannot write 3 bytes");
  await expect(writer.end()).rejects.toThrow("2 bytes are missing");
  await writer.write(bytesOf("de"));
  await writer.end();
  expect(flow.text).toBe("abcde");
});
