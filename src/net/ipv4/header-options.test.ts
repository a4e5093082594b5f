import fc from "fast-check";
import { expect, test } from "vitest";
import type { ReceivedPacket } from "../../devices/index.ts";
import { headerOptions, sourceRoute } from "./header-options.ts";

const host = fc.uint8Array({ minLength: 4, maxLength: 4 });

function packet(
  ipOptions: Uint8Array,
  source: Uint8Array,
  destination: Uint8Array,
): ReceivedPacket {
  const nothing = new Uint8Array();
  const others = { payload: nothing, bytes: nothing, timeToLive: 64, trafficClass: 0 };
  return { ...others, source, destination, ipOptions, offload: undefined };
}

/** Takes a packet through the gateways of its route, each of which writes down its address. */
function travel(
  options: Uint8Array,
  firstHop: Uint8Array,
): { readonly visited: Uint8Array[]; readonly options: Uint8Array; readonly end: Uint8Array } {
  const visited: Uint8Array[] = [];
  const route = options.slice();
  let end = firstHop.slice();
  for (let at = 3; at + 4 <= (route[1] ?? 0); at += 4) {
    visited.push(end);
    const next = route.slice(at, at + 4);
    route.set(end, at);
    end = next;
    route[2] = at + 5;
  }
  return { visited, options: route, end };
}

test("depart() leads through all gateways to the destination, and reply() back", () => {
  const gateways = fc.uniqueArray(host, { minLength: 1, maxLength: 9, selector: String });
  fc.assert(
    fc.property(gateways, host, host, fc.boolean(), (through, source, destination, isStrict) => {
      fc.pre(!through.some((each) => String(each) === String(source)));
      const there = headerOptions.depart(sourceRoute(through, isStrict), destination);
      const arrived = travel(there.options, there.firstHop);
      expect(arrived.visited).toEqual(through);
      expect(arrived.end).toEqual(destination);
      expect(headerOptions.isAtEnd(there.options)).toBe(false);
      expect(headerOptions.isAtEnd(arrived.options)).toBe(true);
      const answer = headerOptions.reply(packet(arrived.options, source, destination), undefined);
      expect(answer).toEqual(sourceRoute(through.toReversed(), isStrict));
    }),
    { numRuns: 50 },
  );
});

test("nothing throws on noise, nor makes more of it than a header holds", () => {
  const noise = fc.uint8Array({ maxLength: 10, minLength: 1 }).map((words) => {
    const options = new Uint8Array(4 * words.length).fill(7);
    options.set([words[0] ?? 0, words[1] ?? 3, words[2] ?? 4, ...words]);
    return options;
  });
  fc.assert(
    fc.property(noise, host, host, (options, source, destination) => {
      headerOptions.isAtEnd(options);
      expect(headerOptions.copied(options).length).toBeLessThanOrEqual(options.length);
      for (const wallMs of [undefined, 86_399_999]) {
        const answer = headerOptions.reply(packet(options, source, destination), wallMs);
        if (answer === undefined) continue;
        expect(answer.length).toBeLessThanOrEqual(options.length);
        expect(answer.length % 4).toBe(0);
      }
    }),
    { numRuns: 200 },
  );
});

test("copied() keeps what every fragment has", () => {
  expect(headerOptions.copied(Uint8Array.of(7, 7, 4, 0, 0, 0, 0, 136, 4, 0, 1, 0))).toEqual(
    Uint8Array.of(136, 4, 0, 1),
  );
  expect(headerOptions.copied(Uint8Array.of(1, 130, 3, 9))).toEqual(Uint8Array.of(130, 3, 9, 0));
});
