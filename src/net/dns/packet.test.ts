import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decodeName, encodeName, isName, nameBytes } from "./name.ts";
import { decode, encode, type DnsPacket } from "./packet.ts";
import { decodeData, negativeTtlSeconds } from "./record-data.ts";

const label = fc.stringMatching(/^[a-z0-9_-]{1,20}$/);
const name = fc.array(label, { maxLength: 6 }).map((labels) => labels.join("."));
const question = fc.record({ name, type: fc.nat(0xffff), class: fc.nat(0xffff) });
const record = fc
  .tuple(question, fc.nat(0xffff_ffff), fc.uint8Array({ maxLength: 40 }))
  .map(([asked, ttlSeconds, data]) => Object.assign({}, asked, { ttlSeconds, data }));
const records = fc.array(record, { maxLength: 4 });
const packets: fc.Arbitrary<DnsPacket> = fc.record({
  id: fc.nat(0xffff),
  flags: fc.nat(0xffff),
  questions: fc.array(question, { maxLength: 2 }),
  answers: records,
  authorities: records,
  additionals: records,
});

describe("names", () => {
  test("decodeName() gives what encodeName() wrote", () => {
    fc.assert(
      fc.property(name, fc.nat(9), (text, at) => {
        const into = new Uint8Array(at + nameBytes(text));
        expect(encodeName(text, into, at)).toBe(into.length);
        expect(decodeName(into, at)).toEqual({ name: text, end: into.length });
      }),
    );
  });

  test("decodeName() follows pointers back, and reads on behind the first", () => {
    const message = Uint8Array.of(1, 0x43, 0, 1, 0x42, 0xc0, 0, 1, 0x41, 0xc0, 3, 9);
    expect(decodeName(message, 7)).toEqual({ name: "a.b.c", end: 11 });
  });

  test.each([
    ["to itself", [0xc0, 0], 0],
    ["to each other", [0xc0, 2, 0xc0, 0], 0],
    ["round about", [1, 0x41, 0xc0, 0], 0],
    ["forwards", [0xc0, 2, 0], 0],
    ["nowhere", [0xc0], 0],
    ["out of the message", [0xff, 0xff], 0],
  ])("decodeName() refuses a pointer %s", (_, bytes, at) => {
    expect(decodeName(Uint8Array.from(bytes), at)).toBeUndefined();
  });

  test("decodeName() refuses names of more than 255 bytes, also by pointers", () => {
    // Each name is a label of 50 bytes and the name before it.
    const message = new Uint8Array(6 * 53 + 1);
    for (let index = 0; index < 6; index += 1) {
      const at = 1 + 53 * index;
      const before = index === 0 ? 0 : at - 53;
      message.set([50, ...new Uint8Array(50).fill(0x61), 0xc0, before], at);
    }
    expect(decodeName(message, 1 + 53 * 3)?.name).toHaveLength(203);
    expect(decodeName(message, 1 + 53 * 5)).toBeUndefined();
  });

  test("decodeName() writes what is no part of a host's name as digits", () => {
    const bytes = Uint8Array.of(4, 0x41, 0x2e, 0xe9, 0, 0);
    expect(decodeName(bytes, 0)?.name).toBe("a\\046\\233\\000");
  });

  test.each([
    ["example.com", true],
    ["example.com.", true],
    ["_http._tcp.Example.COM", true],
    ["a".repeat(63), true],
    ["a".repeat(64), false],
    [`${"a.".repeat(126)}a`, true],
    [`${"a.".repeat(127)}a`, false],
    ["", false],
    [".", false],
    ["a..b", false],
    [".a", false],
    ["exämple.com", false],
    ["a b", false],
    ["a\\.b", false],
  ])("isName(%j) is %s", (text, expected) => {
    expect(isName(text)).toBe(expected);
  });
});

describe("messages", () => {
  test("decode() gives what encode() wrote", () => {
    fc.assert(
      fc.property(packets, (packet) => {
        const into = new Uint8Array(4096);
        expect(decode(into.subarray(0, encode(packet, into)))).toEqual(packet);
      }),
    );
  });

  test("decode() never throws, and gives undefined for a part of a message", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 80 }), packets, fc.nat(), (noise, packet, cut) => {
        decode(noise);
        const into = new Uint8Array(4096);
        const length = encode(packet, into);
        expect(decode(into.subarray(0, cut % length))).toBeUndefined();
        into.set(noise, cut % length);
        decode(into.subarray(0, length));
      }),
    );
  });
});

describe("data", () => {
  const from = (type: number, ...data: readonly number[]) => {
    // A name to point at: "b".
    const message = Uint8Array.of(1, 0x62, 0, ...data);
    const record = { name: "a", type, class: 1, ttlSeconds: 5, data: message.subarray(3) };
    return { message, record };
  };

  test("decodeData() reads each type", () => {
    const read = <Type extends Parameters<typeof decodeData>[0]>(
      type: Type,
      number: number,
      ...data: readonly number[]
    ) => {
      const { record, message } = from(number, ...data);
      return decodeData(type, record, message);
    };
    expect(read("A", 1, 10, 0, 0, 1)).toEqual({ address: "10.0.0.1" });
    expect(read("AAAA", 28, 0xfd, ...Array.from({ length: 14 }, () => 0), 1)).toEqual({
      address: "fd00::1",
    });
    expect(read("CNAME", 5, 1, 0x61, 0xc0, 0)).toEqual({ target: "a.b" });
    expect(read("NS", 2, 0xc0, 0)).toEqual({ target: "b" });
    expect(read("PTR", 12, 0xc0, 0)).toEqual({ target: "b" });
    expect(read("MX", 15, 1, 2, 0xc0, 0)).toEqual({ preference: 258, target: "b" });
    expect(read("TXT", 16, 1, 0x61, 0, 2, 1, 2)).toEqual({
      texts: [Uint8Array.of(0x61), new Uint8Array(0), Uint8Array.of(1, 2)],
    });
    expect(read("SRV", 33, 0, 1, 0, 2, 0, 3, 0)).toEqual({
      priority: 1,
      weight: 2,
      port: 3,
      target: "",
    });
    expect(read("A", 28, 10, 0, 0, 1)).toBeUndefined();
    expect(read("A", 1, 10, 0, 0)).toBeUndefined();
    expect(read("TXT", 16, 2, 0x61)).toBeUndefined();
    expect(read("NS", 2, 0xc0, 0, 0)).toBeUndefined();
    expect(read("MX", 15, 1)).toBeUndefined();
  });

  test("decodeData() never throws", () => {
    const types = ["A", "NS", "CNAME", "PTR", "MX", "TXT", "AAAA", "SRV"] as const;
    const numbers = [1, 2, 5, 12, 15, 16, 28, 33];
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), fc.nat(7), (noise, index) => {
        const { record, message } = from(numbers[index] ?? 0, ...noise);
        decodeData(types[index] ?? "A", record, message);
      }),
    );
  });

  test("negativeTtlSeconds() is the lesser time of the SOA record", () => {
    const soa = from(6, 0xc0, 0, 0xc0, 0, ...new Uint8Array(16), 0, 0, 0, 3).record;
    expect(negativeTtlSeconds([soa])).toBe(3);
    expect(negativeTtlSeconds([{ ...soa, ttlSeconds: 2 }])).toBe(2);
    expect(negativeTtlSeconds([])).toBe(0);
    expect(negativeTtlSeconds([{ ...soa, data: new Uint8Array(3) }])).toBe(0);
  });
});
