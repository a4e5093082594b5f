/** RFC 6455, The WebSocket Protocol: what it requires of both sides. */

import { met, notApplicable, open, test, type Requirements } from "./requirement.ts";

const client = "src/net/websocket/client.test.ts";
const connection = "src/net/websocket/connection.test.ts";
const frames = "src/net/websocket/frame.test.ts";
const outgoing = "src/net/websocket/outgoing.test.ts";
const parser = "src/net/websocket/frame-parser.test.ts";
const server = "src/net/websocket/server.test.ts";

export const rfc6455: Requirements = {
  "3-1": ["a URL with a fragment is refused", met, "MUST NOT"],
  "4.1-1": ["the client's request is GET of at least HTTP/1.1", met],
  "4.1-2": ["its target is path and query of the URL", met],
  "4.1-3": ["it has Host, with the port unless that is the usual one", met],
  "4.1-4": ["it has Upgrade: websocket and Connection: Upgrade", met],
  "4.1-5": ["its key is 16 random bytes in base64, others each time", met],
  "4.1-6": [
    "one connection to an address is being opened at a time",
    open("who opens many at once may have a reason, and a stack limits them by itself"),
  ],
  "4.1-7": ["it has Sec-WebSocket-Version: 13", met],
  "4.1-8": ["subprotocols are different tokens", met],
  "4.1-9": [
    "Origin is there if the client is a browser",
    notApplicable("a unikernel is no browser; who wants one gives the header"),
  ],
  "4.1-10": ["another status than 101 is no connection", met],
  "4.1-11": ["an answer with a wrong Upgrade or Connection fails", met],
  "4.1-12": ["an answer with a wrong Sec-WebSocket-Accept fails", met],
  "4.1-13": ["an answer with an extension that was not asked for fails", met],
  "4.1-14": ["an answer with a subprotocol that was not asked for fails", met],
  "4.2.1-1": ["a request that is no handshake is refused by a status", met],
  "4.2.1-2": ["a key that is not base64 of 16 bytes is refused", met],
  "4.2.2-1": ["another version is answered 426 and the version that there is", met],
  "4.2.2-2": ["the answer is 101 with Upgrade, Connection and Sec-WebSocket-Accept", met],
  "4.2.2-3": [
    "a subprotocol is one of those that were asked for, or none",
    test(server, "chooses what the client likes most"),
  ],
  "4.2.2-4": [
    "extensions are among those that were offered",
    test(server, "compresses where both want it"),
    "MUST NOT",
  ],
  "4.2.2-5": ["an origin that is not welcome is answered 403", test(server, "asks who may come")],
  "5.1-1": ["a client masks all frames", met],
  "5.1-2": ["a server closes when a frame is not masked", met],
  "5.1-3": ["a server masks no frame", met, "MUST NOT"],
  "5.1-4": ["a client closes when a frame is masked", met],
  "5.2-1": ["a reserved bit that nothing was agreed on for fails", met],
  "5.2-2": ["a reserved opcode fails", met],
  "5.2-3": ["lengths are sent in as few bytes as they can be", met],
  "5.2-4": [
    "a length that is longer than it need be, or has its highest bit set, fails",
    test(parser, "next() refuses a length of over 63 bits"),
  ],
  "5.3-1": [
    "a masking key cannot be foretold, and each frame has its own",
    test(outgoing, "masks each frame of a client with another key"),
  ],
  "5.3-2": [
    "masking takes each byte with that of the key at its place",
    test(frames, "applyMask() takes each byte by itself"),
  ],
  "5.4-1": ["control frames are not fragmented", met, "MUST NOT"],
  "5.4-2": ["control frames are taken between fragments", met],
  "5.4-3": ["fragments arrive in order, and no message inside another", met],
  "5.4-4": [
    "messages are received whether they are fragmented or not",
    test(connection, "what one side sends the other receives"),
  ],
  "5.4-5": ["all fragments are of the type of the first", met],
  "5.5-1": ["control frames have at most 125 bytes", met],
  "5.5.1-1": ["a Close frame is empty or begins with a code", met],
  "5.5.1-2": ["no data follows a Close frame that was sent", met, "MUST NOT"],
  "5.5.1-3": ["a Close frame is answered by one", met],
  "5.5.1-4": ["once both went, the connection is over, and the server ends it at once", met],
  "5.5.2-1": ["a Ping is answered by a Pong, unless a Close frame came", met],
  "5.5.3-1": ["the Pong has the Ping's payload", met],
  "5.6-1": ["a text is UTF-8 as a whole, not each fragment", met],
  "7.1.1-1": [
    "a client waits for the server to end the connection, and may end it after a time",
    test(connection, "lets a client wait for the server"),
    "SHOULD",
  ],
  "7.1.5-1": ["without a code the connection's is 1005, without a Close frame 1006", met],
  "7.1.7-1": ["a client or server that fails takes nothing more from the peer", met, "MUST NOT"],
  "7.2.3-1": [
    "a client that was cut off comes back after a random time",
    notApplicable("coming back is for who uses a connection"),
    "SHOULD",
  ],
  "7.4.1-1": ["1005, 1006 and 1015 are never sent", met, "MUST NOT"],
  "7.4.2-1": ["codes below 1000 are not used", met],
  "8.1-1": ["a text that is no UTF-8 fails", met],
  "9.1-1": [
    "a header of extensions that is against the grammar fails",
    test("src/net/websocket/extensions.test.ts", "refuses %s"),
  ],
  "10.4-1": ["a frame or a message that is too long is refused with 1009", met],
  "10.7-1": [
    "a server may close for input that is no UTF-8, with 1007",
    test(connection, "rejects with %s, after what came before"),
    "MAY",
  ],
  "11.3.4-1": [
    "the subprotocol of an answer is there once at most",
    test(client, "fails with %s, and aborts the flow, on %j"),
    "MUST NOT",
  ],
};
