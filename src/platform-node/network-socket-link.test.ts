import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseSocketLink } from "./network-socket-link.ts";

describe("parseSocketLink()", () => {
  test.each([
    [
      "udp:127.0.0.1:4000,example.org:4001",
      {
        kind: "udp",
        local: { host: "127.0.0.1", port: 4000 },
        peer: { host: "example.org", port: 4001 },
      },
    ],
    [
      "udp:[::1]:0,[fe80::1]:65535",
      { kind: "udp", local: { host: "::1", port: 0 }, peer: { host: "fe80::1", port: 65_535 } },
    ],
    ["stream:10.0.0.1:4000", { kind: "stream", to: { host: "10.0.0.1", port: 4000 } }],
    ["stream::4000", { kind: "stream", to: { host: "127.0.0.1", port: 4000 } }],
    ["stream:/run/a:1,b.sock", { kind: "stream", to: "/run/a:1,b.sock" }],
    ["listen:./q.sock", { kind: "listen", at: "./q.sock" }],
    ["listen:[::]:1", { kind: "listen", at: { host: "::", port: 1 } }],
    ["fd:3", { kind: "fd", fd: 3 }],
  ])("reads %s", (text, link) => {
    expect(parseSocketLink(text)).toEqual(link);
  });

  test.each([
    ["", "it is udp:…"],
    ["tap0", "it is udp:…"],
    ["udp:127.0.0.1:4000", "udp takes two addresses"],
    ["udp::1,:2,:3", "udp takes two addresses"],
    ["udp::4000,:0", '":0" is no host with a port'],
    ["stream:127.0.0.1", '"127.0.0.1" is no host with a port'],
    ["stream:127.0.0.1:65536", "is no host with a port"],
    ["stream:::1:4000", "is no host with a port"],
    ["listen:[10.0.0.1]:4000", '"10.0.0.1" is no IPv6 address'],
    ["listen:4000", '"4000" is no host with a port'],
    ["fd:2", "from 3 on"],
    ["fd:x", "from 3 on"],
  ])("refuses %j, and says why", (text, why) => {
    const read = (): unknown => parseSocketLink(text);
    expect(read).toThrow(TypeError);
    expect(read).toThrow(`Cannot use "${text}" as a network: `);
    expect(read).toThrow(why);
  });

  test("throws TypeError alone, whatever the text", () => {
    const texts = fc.oneof(
      fc.string(),
      fc.string({ unit: fc.constantFrom(..."udpstreamlistenfd:,[]/.01") }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          parseSocketLink(text);
        } catch (error) {
          expect(error).toBeInstanceOf(TypeError);
        }
      }),
    );
  });
});
