/** RFC 7692, Compression Extensions for WebSocket: permessage-deflate without context takeover. */

import { test, type Requirements } from "./requirement.ts";

const connection = "src/net/websocket/connection.test.ts";
const deflate = "src/net/websocket/deflate.test.ts";
const extensions = "src/net/websocket/extensions.test.ts";
const outgoing = "src/net/websocket/outgoing.test.ts";
const parser = "src/net/websocket/frame-parser.test.ts";
const server = "src/net/websocket/server.test.ts";

export const rfc7692: Requirements = {
  "5.1-1": ["an offer that cannot be taken is declined", test(extensions, "declines %s")],
  "5.1-2": ["an answer that was not offered fails", test(extensions, "says of the answer %s")],
  "6-1": [
    "RSV1 is on the first frame of a message alone",
    test(parser, "next() refuses a frame %s at its header"),
    "MUST NOT",
  ],
  "6-2": [
    "messages may go uncompressed",
    test(outgoing, "short messages go as they are, long ones compressed"),
    "MAY",
  ],
  "7-1": [
    "an offer with an unknown, doubled or impossible parameter is declined",
    test(extensions, "declines %s"),
  ],
  "7.1.1.1-1": [
    "a server that is asked for no context takeover grants it or declines",
    test(server, "compresses where both want it"),
  ],
  "7.1.1.2-1": [
    "a server may ask a client for no context takeover",
    test(server, "compresses where both want it"),
    "MAY",
  ],
  "7.1.2.1-1": [
    "a server that is asked for a window confirms it or declines",
    test(extensions, "confirms the largest window"),
  ],
  "7.1.2.2-1": [
    "a client that did not offer it is not told its window",
    test(extensions, "says of the answer %s"),
    "MUST NOT",
  ],
  "7.2.1-1": [
    "what is sent ends with an empty block, without its last four bytes",
    test(deflate, "inflate() gives back what deflate() made"),
  ],
  "7.2.2-1": [
    "those are added to what is received",
    test(deflate, "inflate() takes the examples of RFC 7692"),
  ],
  "7.2.3.4-1": [
    "final blocks are taken too",
    test(deflate, "inflate() takes the examples of RFC 7692"),
  ],
  "8-1": [
    "a message that cannot be inflated fails",
    test(connection, "nothing behind a message that makes no sense is taken"),
  ],
};
