import { describe, expect, test } from "vitest";
import { address, playRouter, type RouterWorld } from "../../../test/router-world.ts";
import { seal } from "../ipv6/icmp-message.ts";
import { decodePrefix } from "../ndp/options.ts";
import { decode, encode, type NdpPacket } from "../ndp/packet.ts";
import { packet6 } from "./icmp-errors.ts";

/** Messages of neighbour discovery from the router that a tap saw. */
function messages({ lan }: RouterWorld, type: number): readonly NdpPacket[] {
  return lan.of(58).flatMap(({ payload }) => {
    const message = decode(payload);
    return message?.type === type ? [message] : [];
  });
}

/** Asks for routers, from the link. */
function solicit({ lan, router }: RouterWorld, hopLimit = 255, isDamaged = false): void {
  const source = address("fe80::77");
  const all = address("ff02::2");
  const message = new Uint8Array(16);
  encode({ type: 133, options: [{ type: 1, body: lan.network.mac }] }, message);
  seal(message, source, all);
  if (isDamaged) message[15] = (message[15] ?? 0) ^ 1;
  const packet = packet6(source, all, 58, message.length, (into) => into.set(message), hopLimit);
  expect(router.interfaces.has("lan")).toBe(true);
  lan.send(Uint8Array.of(0x33, 0x33, 0, 0, 0, 2), packet);
}

describe("Advertiser", () => {
  test("tells hosts of prefix, MTU and itself, and goes on telling", async () => {
    await playRouter(async (world) => {
      await world.sleep(1_800_000);
      const all = messages(world, 134);
      // Between 200 and 600 seconds apart, after the first three.
      expect(all.length).toBeGreaterThanOrEqual(4);
      expect(all.length).toBeLessThanOrEqual(12);
      const [first] = all;
      if (first?.type !== 134) throw new Error("It is an advertisement");
      expect(first).toMatchObject({ routerLifetimeS: 1800, hopLimit: 64 });
      const prefix = first.options.find(({ type }) => type === 3);
      const information = prefix === undefined ? undefined : decodePrefix(prefix.body);
      expect(information).toMatchObject({ length: 64, isOnLink: true, isAutonomous: true });
      expect(information?.prefix).toEqual(address("fd00:1::"));
      expect(first.options.find(({ type }) => type === 5)?.body.slice(4)).toEqual(
        Uint8Array.of(5, 220),
      );
    });
  });

  test("answers a solicitation within half a second, but not more often than every three", async () => {
    await playRouter(async (world) => {
      await world.sleep(60_000);
      world.lan.packets.length = 0;
      solicit(world);
      await world.sleep(510);
      expect(messages(world, 134).length).toBe(1);
      for (let count = 0; count < 20; count += 1) {
        solicit(world);
        await world.sleep(100);
      }
      expect(messages(world, 134).length).toBe(1);
      await world.sleep(2000);
      expect(messages(world, 134).length).toBe(2);
    });
  });

  test.each([
    ["passed a router", 254, false],
    ["was damaged", 255, true],
  ])("does not hear a solicitation that %s", async (_what, hopLimit, isDamaged) => {
    await playRouter(async (world) => {
      await world.sleep(60_000);
      world.lan.packets.length = 0;
      solicit(world, hopLimit, isDamaged);
      await world.sleep(1000);
      expect(messages(world, 134)).toEqual([]);
    });
  });

  test("says that it is a router in what it says of its addresses, and goodbye at the end", async () => {
    await playRouter(async (world) => {
      await world.client.icmp?.echo("2001:db8:2::9");
      await world.client.icmp?.echo("fd00:1::1");
      const said = messages(world, 136).filter((each) => each.type === 136 && each.isRouter);
      expect(said.length).toBeGreaterThan(0);
      world.lan.packets.length = 0;
      await world.router[Symbol.asyncDispose]();
      await world.sleep(1);
      expect(messages(world, 134)).toMatchObject([{ routerLifetimeS: 0 }]);
    });
  });
});
