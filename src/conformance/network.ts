import type { Network } from "../devices/index.ts";
import { deviceLaws } from "./device.ts";
import { networkEdgeLaws } from "./network-edges.ts";
import type { Law } from "./law.ts";
import { goesDownAndUp, interfaceChecks } from "./network-interface.ts";
import type { Link } from "./network-link.ts";
import { receivingChecks } from "./network-receiving.ts";
import { writingChecks } from "./network-writing.ts";

/** What the laws need to know of a driver of {@link Network}. */
export interface NetworkSubject {
  /** Connects two interfaces of one link without loss, both up. The law disposes both. */
  readonly connectPair: () => Promise<readonly [Network, Network]>;

  /** Resolves when every frame written so far has arrived, or never will. */
  readonly settle: () => Promise<void>;

  /** Takes the link of `network` down or up; resolves when the interface knows. */
  readonly setLink?: (network: Network, linkUp: boolean) => Promise<void>;
}

/** The laws of {@link Network}. */
export function networkLaws(subject: NetworkSubject): readonly Law[] {
  const checks = [...interfaceChecks, ...writingChecks, ...receivingChecks];
  return [
    ...deviceLaws(() => connectOne(subject)),
    ...checks.map(([name, check]) => ({ name, run: () => withLink(subject, check) })),
    ...networkEdgeLaws(subject),
    ...linkLaws(subject),
  ];
}

function linkLaws(subject: NetworkSubject): readonly Law[] {
  const { setLink } = subject;
  if (setLink === undefined) return [];
  return [
    {
      name: "frames are dropped and counted while the link is down, and changes are told",
      run: () => withLink(subject, (link) => goesDownAndUp(link, setLink)),
    },
  ];
}

async function withLink(
  { connectPair, settle }: NetworkSubject,
  body: (link: Link) => Promise<void>,
): Promise<void> {
  const [a, b] = await connectPair();
  try {
    await body({ a, b, settle });
  } finally {
    await Promise.all([a[Symbol.asyncDispose](), b[Symbol.asyncDispose]()]);
  }
}

/** Connects a pair and keeps one end. */
async function connectOne({ connectPair }: NetworkSubject): Promise<Network> {
  const [a, b] = await connectPair();
  await b[Symbol.asyncDispose]();
  return a;
}
