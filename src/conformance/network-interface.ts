import { NetworkError, type Network } from "../devices/index.ts";
import { equal, holds, throws, type Check } from "./law.ts";
import { frameTo, framesEqual, headerBytes, listen, send, type Link } from "./network-link.ts";

/** What an interface says of itself: its address, its counters, its link, its end. */
export const interfaceChecks: readonly Check<Link>[] = [
  ["mac, mtu, offloads and linkUp say what the interface is", describes],
  ["counters count frames and bytes, live", counts],
  ["onLinkChange() returns a function that may be called twice", stopsListening],
  ["write() and listen() throw closed, after dispose()", refusesWhenClosed],
];

async function describes({ a, b }: Link): Promise<void> {
  for (const { mac, mtu, offloads, linkUp } of [a, b]) {
    equal("the length of mac", mac.length, 6);
    equal("the group bit of mac", (mac[0] ?? 1) & 1, 0);
    holds(
      "mac",
      mac.some((byte) => byte !== 0),
      "not all zeros",
      mac,
    );
    holds("mtu", Number.isSafeInteger(mtu) && mtu > 0, "a positive integer", mtu);
    equal("the type of offloads.checksum", typeof offloads.checksum, "boolean");
    const { segmentationBytes } = offloads;
    const isPossible = segmentationBytes === 0 || segmentationBytes > mtu + headerBytes;
    holds("offloads.segmentationBytes", isPossible, "0, or over the MTU and 14", segmentationBytes);
    equal("linkUp", linkUp, true);
  }
  holds("the two addresses", a.mac.join() !== b.mac.join(), "different", a.mac);
}

async function counts({ a, b, settle }: Link): Promise<void> {
  const [out, heard] = [a.counters, b.counters];
  listen(b);
  send(a, frameTo(b.mac, a.mac, 60, 15));
  send(a, frameTo(b.mac, a.mac, 100, 16));
  await settle();
  equal("counters.framesOut of the sender", out.framesOut, 2);
  equal("counters.bytesOut of the sender", out.bytesOut, 160);
  equal("counters.droppedOut of the sender", out.droppedOut, 0);
  equal("counters.framesIn of the receiver", heard.framesIn, 2);
  equal("counters.bytesIn of the receiver", heard.bytesIn, 160);
  equal("counters.droppedIn of the receiver", heard.droppedIn, 0);
}

async function stopsListening({ a }: Link): Promise<void> {
  let calledCount = 0;
  const stop = a.onLinkChange(() => calledCount++);
  stop();
  stop();
  equal("calls without a change", calledCount, 0);
}

async function refusesWhenClosed({ a }: Link): Promise<void> {
  await a[Symbol.asyncDispose]();
  let filledCount = 0;
  const write = (): void => a.write(60, (into) => (filledCount++, into.length));
  throws("write()", write, NetworkError, "closed");
  throws("listen()", () => a.listen({ frame() {} }), NetworkError, "closed");
  equal("times fill was called", filledCount, 0);
}

/** A link that goes down takes nothing, and says so. */
export async function goesDownAndUp(
  { a, b, settle }: Link,
  setLink: (network: Network, linkUp: boolean) => Promise<void>,
): Promise<void> {
  const heard = listen(b);
  const told: boolean[] = [];
  const stop = a.onLinkChange((linkUp) => void told.push(linkUp));
  await setLink(a, false);
  equal("linkUp", a.linkUp, false);
  send(a, frameTo(b.mac, a.mac, 60, 19));
  await settle();
  equal("counters.droppedOut", a.counters.droppedOut, 1);
  await setLink(a, true);
  equal("linkUp", a.linkUp, true);
  send(a, frameTo(b.mac, a.mac, 60, 20));
  await settle();
  framesEqual("frames heard", heard, [frameTo(b.mac, a.mac, 60, 20)]);
  stop();
  await setLink(a, false);
  equal("what the listener was told", told.join(), "false,true");
}
