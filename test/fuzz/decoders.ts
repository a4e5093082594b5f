/** Every decoder of outside bytes, to be fed what it was never meant for. */

import { decode as arp } from "../../src/net/arp/packet.ts";
import { decodeLease } from "../../src/net/dhcp/lease-store.ts";
import { decode as dhcp } from "../../src/net/dhcp/packet.ts";
import { decodeName } from "../../src/net/dns/name.ts";
import { decode as dns } from "../../src/net/dns/packet.ts";
import { decode as ethernet } from "../../src/net/ethernet/packet.ts";
import { ChunkedDecoder } from "../../src/net/http/chunked.ts";
import { requestFraming, responseFraming } from "../../src/net/http/framing.ts";
import { HeadReader, type HeadLimits } from "../../src/net/http/head.ts";
import { decode as icmp } from "../../src/net/icmp/packet.ts";
import { decodeQuery as igmp } from "../../src/net/ipv4/igmp.ts";
import { decode as ipv4 } from "../../src/net/ipv4/packet.ts";
import { decode as fragment } from "../../src/net/ipv6/fragment-header.ts";
import { decode as ipv6 } from "../../src/net/ipv6/packet.ts";
import { decode as mld } from "../../src/net/mld/packet.ts";
import { decode as mdns } from "../../src/net/mdns/packet.ts";
import { decode as ndp } from "../../src/net/ndp/packet.ts";
import { decode as ntp } from "../../src/net/ntp/packet.ts";
import { decode as tcp } from "../../src/net/tcp/packet.ts";
import { decode as udp } from "../../src/net/udp/packet.ts";
import { decodeClose } from "../../src/net/websocket/close-frame.ts";
import { parseExtensions } from "../../src/net/websocket/extensions.ts";
import { decode as webSocketHeader } from "../../src/net/websocket/frame.ts";
import { FrameParser, type FrameEvent } from "../../src/net/websocket/frame-parser.ts";
import { defaultSettings } from "../../src/net/websocket/settings.ts";

const httpLimits: HeadLimits = { lineBytes: 100, fieldBytes: 1000, fieldCount: 10 };

/** Reads heads, and the framing of what they say. */
function http(bytes: Uint8Array): void {
  const request = HeadReader.ofRequests(httpLimits).read(bytes, 0, bytes.length);
  if (typeof request === "object") requestFraming(request);
  const response = HeadReader.ofResponses(httpLimits).read(bytes, 0, bytes.length);
  if (typeof response === "object") responseFraming(response, "GET");
}

/** Takes the coding off until it ends or makes no sense. */
function chunked(bytes: Uint8Array): void {
  const decoder = new ChunkedDecoder(httpLimits);
  let data: Uint8Array | undefined;
  do data = decoder.decode(bytes, decoder.at, bytes.length);
  while (data !== undefined);
}

/** Each takes any bytes, and must give a packet or `undefined`. */
export const decoders: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  ethernet,
  arp,
  ipv4,
  ipv6,
  fragment: (bytes) => fragment(bytes),
  icmp,
  igmp,
  mld,
  ndp,
  udp,
  tcp,
  dhcp,
  lease: decodeLease,
  dns,
  ntp,
  mdns,
  name: (bytes) => decodeName(bytes, 0),
  http,
  chunked,
  webSocketHeader,
  webSocketFrames,
  webSocketClose: decodeClose,
  webSocketExtensions: (bytes) => parseExtensions(String.fromCharCode(...bytes.subarray(0, 200))),
};

/** The frames of a client; they are unmasked in place, and the bytes are others' too. */
function webSocketFrames(bytes: Uint8Array): readonly FrameEvent[] {
  const parser = new FrameParser({ ...defaultSettings, isPeerMasking: true, isCompressible: true });
  const events: FrameEvent[] = [];
  parser.push(bytes.slice());
  for (let event = parser.next(); event !== undefined; event = parser.next()) events.push(event);
  return events;
}

/** Where the parts of a frame may begin. */
const starts = [0, 14, 34, 42, 54, 62];

/** Gives every decoder the frame from every place where something may begin. */
export function decodeEverywhere(frame: Uint8Array): void {
  for (const start of starts) {
    const bytes = frame.subarray(Math.min(start, frame.length));
    for (const decode of Object.values(decoders)) decode(bytes);
  }
}
