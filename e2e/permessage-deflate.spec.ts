/** What RFC 7692 needs of the platform, which browsers and Node do in their own ways. */

import { readFileSync } from "node:fs";
import { constants, deflateRawSync, inflateRawSync } from "node:zlib";
import { expect, test, type Page } from "@playwright/test";
import { connect as connectHttp } from "../src/net/http/server.ts";
import { accept } from "../src/net/websocket/server.ts";
import { connect as connectClock } from "../src/platform-node/clock.ts";
import { connect as connectRandom } from "../src/platform-node/random.ts";
import { connect as connectStack } from "../src/platform-node/stack-sockets.ts";
import { echo } from "../test/websocket/echo-world.ts";

const module = new URL("../dist/net/websocket/deflate.js", import.meta.url);

/** Calls a function of the module in the page; bytes go in and come out as lists. */
function call(page: Page, name: "deflate" | "inflate", bytes: Uint8Array, maxBytes = 1e6) {
  const source = `data:text/javascript,${encodeURIComponent(readFileSync(module, "utf8"))}`;
  return page.evaluate(
    async ([source, name, list, maxBytes]) => {
      const functions = await import(source);
      const result = await functions[name](Uint8Array.from(list), maxBytes);
      return typeof result === "string" ? result : Array.from<number>(result);
    },
    [source, name, Array.from(bytes), maxBytes] as const,
  );
}

const text = Buffer.from("Hello, hello, hello! ".repeat(500));
const flushed = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);

test("permessage-deflate: a browser inflates messages with and without a final block", async ({
  page,
}) => {
  const messages = [
    [flushed, text.toString()],
    [Buffer.concat([deflateRawSync(text), Buffer.of(0)]), text.toString()],
    [Buffer.from("f248cdc9c90700", "hex"), "Hello"],
    [Buffer.from("000500faff48656c6c6f00", "hex"), "Hello"],
    [Buffer.from("f348cdc9c9070000", "hex"), "Hello"],
    [Buffer.from("f248050000 00ffffcac9c90700".replace(" ", ""), "hex"), "Hello"],
    [Buffer.of(0), ""],
  ] as const;
  for (const [message, expected] of messages) {
    expect(Buffer.from(await call(page, "inflate", message)).toString()).toBe(expected);
  }
  expect(await call(page, "inflate", Buffer.from("f200110000", "hex"))).toBe("malformed");
  expect(await call(page, "inflate", flushed, 1000)).toBe("too-large");
});

test("permessage-deflate: others inflate what a browser deflates", async ({ page }) => {
  const deflated = Buffer.from((await call(page, "deflate", text)) as number[]);
  const tail = Buffer.of(0, 0, 0xff, 0xff);
  const options = { finishFlush: constants.Z_SYNC_FLUSH };
  expect(inflateRawSync(Buffer.concat([deflated, tail]), options)).toEqual(text);
  expect(deflated.length).toBeLessThan(text.length / 10);
});

test("permessage-deflate: a page's own WebSocket talks with our server, compressed and not", async ({
  page,
}) => {
  await using stack = connectStack();
  const devices = { clock: connectClock(), random: connectRandom() };
  const bytesIn: number[] = [];
  const http = connectHttp({ tcp: stack.tcp, clock: devices.clock });
  const { local } = http.serve(0, async (request, connection) => {
    const deflate = request.url.endsWith("deflate");
    const socket = await accept(request, connection, { ...devices, deflate, protocols: ["echo"] });
    if (socket instanceof Response) return socket;
    void echo(socket).then(() => bytesIn.push(socket.counters["bytesIn"] ?? 0));
    return undefined;
  });
  for (const path of ["plain", "deflate"]) {
    const heard = await page.evaluate(async (url) => {
      const socket = new WebSocket(url, ["other", "echo"]);
      socket.binaryType = "arraybuffer";
      const events: unknown[] = [];
      const messages = ["", "Grüße", "abc".repeat(50_000), new Uint8Array(70_000).fill(7)];
      await new Promise((resolve) => (socket.onopen = resolve));
      for (const message of messages) {
        socket.send(message);
        const { data } = await new Promise<MessageEvent>((resolve) => (socket.onmessage = resolve));
        const isSame =
          typeof message === "string"
            ? data === message
            : new Uint8Array(data).every((byte, index) => byte === message[index]);
        events.push(isSame);
      }
      socket.close(3001, "enough");
      const close = await new Promise<CloseEvent>((resolve) => (socket.onclose = resolve));
      return [socket.protocol, socket.extensions, ...events, close.code, close.wasClean];
    }, `ws://127.0.0.1:${local.port}/${path}`);
    const extensions =
      path === "plain"
        ? ""
        : "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
    expect(heard).toEqual(["echo", extensions, true, true, true, true, 3001, true]);
  }
  await expect.poll(() => bytesIn).toHaveLength(2);
  expect(bytesIn[0]).toBeGreaterThan(220_000);
  expect(bytesIn[1]).toBeLessThan(5000);
});
