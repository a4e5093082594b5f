/** RFC 4862, addresses that a host makes for itself. */

import { expect, test } from "vitest";
import { optionType } from "../../src/net/ndp/options.ts";
import {
  address,
  advertise,
  allNodes,
  Link,
  prefix,
  settled,
  targets,
  unspecified,
  type Host,
} from "../ipv6-link.ts";

const solicited = (target: Uint8Array): Uint8Array =>
  Uint8Array.of(...address("ff02::1:ff00:0").subarray(0, 13), ...target.subarray(13));

/** A prefix option; flags are 0x80 for on the link, 0x40 for autonomous. */
function option(
  text: string,
  flags: number,
  { length = 64, preferredS = 1000, validS = 1000 } = {},
): { readonly type: number; readonly body: Uint8Array } {
  const body = new Uint8Array(30);
  const view = new DataView(body.buffer);
  body.set([length, flags]);
  view.setUint32(2, validS);
  view.setUint32(6, preferredS);
  body.set(address(text), 14);
  return { type: optionType.prefix, body };
}

/** Those of our addresses that are of a prefix, which they begin with as text. */
function startingWith({ ip }: Host, text: string): readonly string[] {
  return ip.addresses.filter((each) => each.startsWith(text));
}

test("5.1-1 an option says how often others are asked for an address", async () => {
  for (const [detectionCount, asked] of [
    [0, 0],
    [1, 1],
    [3, 3],
  ] as const) {
    const link = new Link();
    const node = link.node();
    const { ip } = link.host({ addresses: [prefix("2001:db8::1")], detectionCount });
    const configured = ip.configure(prefix("2001:db8::7"));
    await link.pass(10_000);
    await configured;
    const heard = node
      .heardNdp(135)
      .filter(({ target }) => target.join() === address("2001:db8::7").join());
    expect(heard).toHaveLength(asked);
    expect(ip.addresses).toContain("2001:db8::7/64");
  }
});

test("5.3-1 a host has an address of the link at once", () => {
  const host = new Link().host();
  expect(startingWith(host, "fe80::")).toHaveLength(1);
});

test("5.4-1 every address is asked for, whoever gave it", async () => {
  const { link, host, node } = await settled();
  void host.ip.configure(prefix("2001:db8::55"));
  advertise(node, host, {}, [option("2001:db8:5::", 0x40)]);
  await link.pass(3000);
  const asked = targets(node).map((target) => target.subarray(0, 6).join());
  expect(targets(node)).toHaveLength(2);
  expect(asked).toContain(address("2001:db8:5::").subarray(0, 6).join());
  expect(targets(node)).toContainEqual(address("2001:db8::55"));
});

test("5.4-2 a new prefix has its address asked for, though the host has others", async () => {
  const { link, host, node } = await settled();
  advertise(node, host, {}, [option("2001:db8:5::", 0x40)]);
  await link.pass(2000);
  advertise(node, host, {}, [option("2001:db8:6::", 0x40)]);
  await link.pass(2000);
  expect(targets(node)).toHaveLength(2);
});

test("5.4.2-1 the group is joined before the question", async () => {
  const { link, host, node } = await settled();
  void host.ip.configure(prefix("2001:db8::55"));
  await link.pass(5);
  const types = node.heard.map(({ payload, nextHeader }) =>
    // A listener report has a hop-by-hop header of 8 bytes before it.
    nextHeader === 0 ? payload[8] : payload[0],
  );
  expect(types.indexOf(143)).toBeGreaterThanOrEqual(0);
  expect(types.indexOf(143)).toBeLessThan(types.indexOf(135));
});

test("5.4.2-2 the question comes from nobody, to the group", async () => {
  const { link, host, node } = await settled();
  const wanted = address("2001:db8::55");
  void host.ip.configure(prefix("2001:db8::55"));
  await link.pass(5);
  const [probe] = node.heardNdp(135);
  expect(probe).toMatchObject({ target: wanted, options: [] });
  expect(probe?.packet).toMatchObject({
    source: unspecified,
    destination: solicited(wanted),
    hopLimit: 255,
  });
});

test("5.4.3-1 who asks for the same address at the same time has it", async () => {
  const { link, host, node } = await settled();
  const wanted = address("2001:db8::55");
  const code = host.ip
    .configure(prefix("2001:db8::55"))
    .then(() => "none")
    .catch((error: { code: string }) => error.code);
  await link.pass(5);
  node.sendNdp(
    { type: 135, target: wanted, options: [] },
    { source: unspecified, destination: solicited(wanted) },
    host.network.mac,
  );
  await link.pass(5);
  expect(await code).toBe("address-conflict");
});

/** Has the host want 2001:db8::55, which the node advertises as its own. */
async function duplicate(): Promise<{ host: Host; code: string }> {
  const { link, host, node } = await settled();
  const target = address("2001:db8::55");
  const code = host.ip
    .configure(prefix("2001:db8::55"))
    .then(() => "none")
    .catch((error: { code: string }) => error.code);
  await link.pass(5);
  const flags = { isRouter: false, isSolicited: false, isOverride: true };
  node.sendNdp(
    { type: 136, ...flags, target, options: [{ type: 2, body: node.mac }] },
    { source: target, destination: allNodes },
    host.network.mac,
  );
  await link.pass(5);
  return { host, code: await code };
}

test("5.4.4-1 who advertises the address has it", async () => {
  expect((await duplicate()).code).toBe("address-conflict");
});

test("5.4.5-1 a duplicate is not used", async () => {
  const { host } = await duplicate();
  expect(startingWith(host, "2001:db8::55")).toEqual([]);
  const source = address("2001:db8::55");
  const fill = (into: Uint8Array): number => into.length;
  expect(() => host.ip.write(address("2001:db8::2"), 253, 8, fill, { source })).toThrow("source");
});

test("5.5.2-1 routers are asked for", async () => {
  const link = new Link();
  const node = link.node();
  link.host();
  await link.pass(1000);
  expect(node.heardNdp(133)).toHaveLength(1);
  expect(node.heardNdp(133)[0]?.packet.destination).toEqual(address("ff02::2"));
});

/** Checks that a prefix gives no address, where a proper one does. */
async function expectIgnored(information: ReturnType<typeof option>): Promise<void> {
  const { link, host, node } = await settled();
  const before = host.ip.addresses;
  advertise(node, host, {}, [information]);
  await link.pass(2000);
  expect(host.ip.addresses).toEqual(before);
  advertise(node, host, {}, [option("2001:db8:5::", 0x40)]);
  await link.pass(2000);
  expect(startingWith(host, "2001:db8:5:")).toHaveLength(1);
}

test("5.5.3-a a prefix that is not autonomous gives no address", () =>
  expectIgnored(option("2001:db8:5::", 0x80)));

test("5.5.3-b the prefix of the link gives no address", () =>
  expectIgnored(option("fe80::", 0xc0)));

test("5.5.3-c a prefix that is preferred for longer than valid gives no address", () =>
  expectIgnored(option("2001:db8:5::", 0x40, { preferredS: 1001 })));

test("5.5.3-d a prefix of 63 bits gives no address", () =>
  expectIgnored(option("2001:db8:5::", 0x40, { length: 63 })));
