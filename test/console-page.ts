/** The page's side of a console without its screen, for tests of the worker's side. */

import type { ConsoleSide } from "../src/conformance/index.ts";
import { ConsoleInput } from "../src/platform-js/console-input.ts";
import { connect } from "../src/platform-js/console-port.ts";
import type { PageMessage, WorkerMessage } from "../src/platform-js/console-protocol.ts";

/** A page, and the console joined to it. */
export interface PageSide extends ConsoleSide {
  /** Gives back credit for the output held back so far; then for all output at once. */
  release(): void;
  readonly messages: Uint8Array[];
}

/**
 * A page without a screen: it keeps what it is sent, and gives credit at once unless told to hold.
 */
export function openPage(options: { readonly hold?: boolean } = {}): PageSide {
  const { port1, port2 } = new MessageChannel();
  const messages: Uint8Array[] = [];
  const output: Uint8Array[] = [];
  let held = 0;
  let holding = options.hold ?? false;
  const send = (message: PageMessage): void => port2.postMessage(message);
  const input = new ConsoleInput({ answer: send, echo: (bytes) => output.push(bytes) });
  port2.onmessage = ({ data }: MessageEvent<WorkerMessage>) => {
    if (!(data instanceof Uint8Array)) {
      if ("want" in data) input.want(data.want);
      else input.unread(data.unread);
      return;
    }
    messages.push(data);
    output.push(data);
    if (holding) held += data.length;
    else send({ kind: "credit", bytes: data.length });
  };
  send({ kind: "size", columns: 80, rows: 24 });
  return {
    console: connect({ port: port1 }),
    messages,
    type: (text) => void input.type(new TextEncoder().encode(text)),
    endInput: () => input.end(),
    async resize(columns, rows) {
      send({ kind: "size", columns, rows });
      await turns();
    },
    async output() {
      await turns();
      return new Blob(output as BlobPart[]).text();
    },
    release() {
      holding = false;
      send({ kind: "credit", bytes: held });
    },
  };
}

/** Lets messages that are under way arrive. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setTimeout(resolve));
}

/** A page as the laws of Console want it: joined, and its size known. */
export async function connectPage(): Promise<ConsoleSide> {
  const page = openPage();
  await turns();
  return page;
}
