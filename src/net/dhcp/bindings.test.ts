import fc from "fast-check";
import { expect, test } from "vitest";
import { Bindings, isLeased } from "./bindings.ts";
import { keyOf, type Client } from "./identity.ts";
import { Subnet, textOf } from "./subnet.ts";

const forget = (): void => {};
const own = Uint8Array.of(10, 0, 0, 1);
const clientAt = (number: number): Client => {
  const mac = Uint8Array.of(2, 0, 0, 0, number >> 8, number);
  return { key: keyOf(undefined, mac), mac, clientId: undefined };
};

type Step = readonly ["offer" | "lease" | "end" | "aside" | "wait", client: number, ms: number];

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.tuple(
    fc.constantFrom("offer", "lease", "lease", "end", "aside", "wait"),
    fc.nat(11),
    fc.nat(3000),
  ),
  { maxLength: 120 },
);

test("whatever happens, no address has two clients and no lease is lost", () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const subnet = new Subnet(
        {
          network: "10.0.0.0/28",
          ranges: [["10.0.0.1", "10.0.0.8"]],
          reservations: [{ client: "02:00:00:00:00:01", address: "10.0.0.4" }],
          routers: ["10.0.0.2"],
        },
        own,
      );
      const bindings = new Bindings({ maxBindings: 6, asideMs: 2000, forget });
      const leased = new Map<string, { readonly client: number; readonly untilMs: number }>();
      let nowMs = 0;
      for (const [what, number, ms] of steps) {
        const client = clientAt(number);
        const held = bindings.of(subnet, client);
        if (what === "wait") nowMs += ms;
        if (what === "offer" || what === "lease") {
          const address = bindings.choose(subnet, client, undefined, nowMs);
          const binding =
            address === undefined ? undefined : bindings.take(subnet, address, client, nowMs);
          if (binding === undefined) continue;
          const text = textOf(binding.address);
          const before = leased.get(text);
          expect(["10.0.0.1", "10.0.0.2"]).not.toContain(text);
          if (text === "10.0.0.4") expect(number).toBe(1);
          if (before !== undefined && before.client !== number) {
            expect(before.untilMs).toBeLessThanOrEqual(nowMs);
          }
          binding.offeredUntilMs = nowMs + 1000;
          if (what === "lease") {
            binding.leaseUntilMs = nowMs + ms;
            leased.set(text, { client: number, untilMs: nowMs + ms });
          }
        }
        if (held === undefined || (what !== "end" && what !== "aside")) continue;
        leased.delete(textOf(held.address));
        if (what === "end") held.leaseUntilMs = nowMs;
        else {
          bindings.putAside(held, nowMs);
          bindings.drop(held);
        }
      }
      expect(bindings.size).toBeLessThanOrEqual(6);
      expect(bindings.asideCount).toBeLessThanOrEqual(4);
      const live = [...bindings.all()].filter((binding) => isLeased(binding, nowMs));
      const owed = [...leased].filter(([, { untilMs }]) => untilMs > nowMs);
      for (const [address, { client }] of owed) {
        const holder = live.find((binding) => textOf(binding.address) === address);
        // A client may only lose an address to another of its own.
        if (holder === undefined) expect(bindings.of(subnet, clientAt(client))).toBeDefined();
        else expect(holder.client.key).toBe(clientAt(client).key);
      }
    }),
  );
});

test("choose() finds the only address of a large range that is left", () => {
  const subnet = new Subnet({ network: "10.0.0.0/16", ranges: [["10.0.0.0", "10.0.0.99"]] }, own);
  const bindings = new Bindings({ maxBindings: 1000, asideMs: 1000, forget });
  const given = new Set<string>();
  for (let number = 0; number < 98; number += 1) {
    const client = clientAt(number);
    const address = bindings.choose(subnet, client, undefined, 0);
    if (address === undefined) return expect.unreachable();
    given.add(textOf(address));
    const binding = bindings.take(subnet, address, client, 0);
    if (binding !== undefined) binding.leaseUntilMs = 1000;
  }
  // Neither the network's own address nor ours.
  expect(given.size).toBe(98);
  expect(bindings.choose(subnet, clientAt(500), undefined, 0)).toBeUndefined();
  expect(bindings.choose(subnet, clientAt(500), undefined, 1001)).toBeDefined();
});
