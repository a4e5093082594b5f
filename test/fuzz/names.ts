/**
 * Names under fire: zone files, messages to decoders, a server that is asked, a forwarder that is
 * answered and a host of multicast DNS, all mutated. Nothing may throw but what says so, and what comes out must be right.
 */

import type { Tcp } from "../../src/devices/index.ts";
import { readName } from "../../src/net/dns/domain.ts";
import { connect as connectForwarder } from "../../src/net/dns/forwarder.ts";
import { MessageWriter } from "../../src/net/dns/message-writer.ts";
import { decode, type DnsRecord } from "../../src/net/dns/packet.ts";
import { readQuery } from "../../src/net/dns/query.ts";
import { namesIn, plainData } from "../../src/net/dns/record-fields.ts";
import { connect as connectServer } from "../../src/net/dns/server.ts";
import { formatZone, parseZone, ZoneFileError } from "../../src/net/dns/zone-file.ts";
import { Zone } from "../../src/net/dns/zone.ts";
import { seededGenerator, type Generator } from "../../src/simulated/generator.ts";
import { SimulatedRandom } from "../../src/simulated/random.ts";
import { queryOf, zoneOf, zoneText } from "../name-server-world.ts";
import { Datagrams } from "./datagrams.ts";
import { LinkNames } from "./link-names.ts";
import { ManualClock } from "./manual-clock.ts";
import { mutate } from "./mutate.ts";

const noTcp: Tcp = {
  counters: {},
  connect: () => Promise.reject(new Error("There is no TCP")),
  listen: () => {
    throw new Error("There is no TCP");
  },
  [Symbol.asyncDispose]: async () => {},
};

const queries: readonly Uint8Array[] = [
  queryOf("www.example", "A"),
  queryOf("chain.example", "A", { edns: [1232] }),
  queryOf("a.b.wild.example", "TXT", { edns: [4096, 0x8000] }),
  queryOf("x.sub.example", "AAAA"),
  queryOf("large.example", "TXT", { edns: [1232] }),
  queryOf("example", 255, { flags: 0x100 }),
  queryOf("other.test", "MX", { flags: 0x100, edns: [512] }),
];

const words = ["$ORIGIN", "$TTL", "(", ")", '"', "\\", ";", "@", "*", " ", "\n", "IN", "\\#", "1w"];

/** Changes a text in a few places. */
function mutateText(text: string, generator: Generator): string {
  let changed = text;
  for (let count = 1 + Math.floor(generator.fraction() ** 2 * 6); count > 0; count -= 1) {
    const at = generator.below(changed.length);
    const length = Math.floor(generator.fraction() ** 3 * 20);
    const word = words[generator.below(words.length)] ?? "";
    const char = String.fromCharCode(Math.floor(generator.fraction() ** 2 * 0x300));
    const put = generator.chance(0.5) ? word : char;
    changed = changed.slice(0, at) + put + changed.slice(at + length);
  }
  return changed;
}

function fuzzZone(text: string): void {
  try {
    const records = parseZone(text, { origin: "example" });
    const again = parseZone(formatZone(records, "example"), { origin: "other" });
    check(same(records, again), "A zone is not what was written of it");
    void new Zone("example", records);
  } catch (error) {
    if (!(error instanceof ZoneFileError) && !(error instanceof TypeError)) throw error;
  }
}

function same(one: readonly DnsRecord[], other: readonly DnsRecord[]): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

/** Reads a message in every way, and writes again what was read. */
export function decodeMessage(bytes: Uint8Array): void {
  void readQuery(bytes);
  const packet = decode(bytes, readName);
  if (packet === undefined) return;
  const writer = new MessageWriter(65_535, 1, 0, true);
  for (const record of packet.answers) {
    const data = plainData(record, bytes);
    if (data === undefined) continue;
    void namesIn({ ...record, data });
    writer.records(1, [{ ...record, data }]);
  }
  check(decode(writer.finish()) !== undefined, "What was written cannot be read");
}

function check(truth: boolean, message: string): void {
  if (!truth) throw new Error(message);
}

/** Answers must be answers, to what was asked, and no longer than whoever asked takes. */
function checkReply(query: Uint8Array, reply: Uint8Array): void {
  check(reply[0] === query[0] && reply[1] === query[1], "Another id");
  check(((reply[2] ?? 0) & 0x80) !== 0, "A server sent a query");
  check(reply.length <= 1232, `A reply of ${reply.length} bytes`);
  check(decode(reply) !== undefined, "A reply is malformed");
}

/**
 * Tries `inputs` mutated inputs. Rejects if anything throws or is wrong.
 *
 * @param watch sees every input before it is tried
 */
export async function fuzzNames(
  seed: number,
  inputs: number,
  watch: (input: Uint8Array) => void,
): Promise<void> {
  const generator = seededGenerator(seed, "names");
  const clock = new ManualClock();
  const random = new SimulatedRandom(seed, "resolver");
  const upstream = new Datagrams({ address: "10.0.0.9", port: 53 });
  const forwarder = connectForwarder({
    udp: upstream,
    tcp: noTcp,
    clock,
    random,
    servers: ["10.0.0.9"],
    deadlineMs: 1000,
  });
  const clients = new Datagrams({ address: "10.0.0.1", port: 1024 });
  const limit = { rate: 1e9 };
  connectServer({ udp: clients, clock, zones: [zoneOf()], forwarder, limit });
  // Real answers of ours are what replies to the forwarder are made of.
  const answering = new Datagrams({ address: "10.0.0.2", port: 1025 });
  connectServer({ udp: answering, clock, zones: [zoneOf()], limit });
  const link = new LinkNames(clock, random, generator);
  const encoder = new TextEncoder();
  let last: Uint8Array = queryOf("www.example", "A");
  for (let count = 0; count < inputs; count += 1) {
    if (generator.chance(0.1)) {
      const text = mutateText(zoneText, generator);
      watch(encoder.encode(text));
      fuzzZone(text);
      continue;
    }
    if (generator.chance(0.2)) {
      link.hear(watch);
      // Whoever sends hears itself, a moment later.
      if (generator.chance(0.1)) await Promise.resolve();
      continue;
    }
    const query = queries[generator.below(queries.length)] ?? last;
    const mutated = mutate(query, last, generator);
    watch(mutated);
    if (generator.chance(0.1)) last = mutated;
    decodeMessage(mutated);
    clients.deliver(mutated);
    for (const reply of clients.sent.splice(0)) {
      decodeMessage(mutate(reply, mutated, generator));
      // An answer that came late, from the forwarder, has another id.
      if (reply[0] === mutated[0] && reply[1] === mutated[1]) checkReply(mutated, reply);
    }
    if (generator.chance(0.1)) await forge();
  }

  /** Lets the forwarder ask, and answers it with mutated answers to its question. */
  async function forge(): Promise<void> {
    const name = `${generator.chance(0.5) ? "www" : "large"}.example`;
    const asked = forwarder.ask({ name, type: generator.chance(0.5) ? 1 : 16, class: 1 });
    await Promise.resolve();
    for (const question of upstream.sent.splice(0)) {
      answering.deliver(question);
      for (const reply of answering.sent.splice(0)) {
        for (let tries = 0; tries < 3; tries += 1) {
          const forged = mutate(reply, last, generator);
          watch(forged);
          upstream.deliver(forged);
        }
      }
    }
    for (let step = 0; step < 4; step += 1) await new Promise((resolve) => setImmediate(resolve));
    clock.advance(2000);
    const { answers } = await asked;
    const names = new Set([name]);
    for (const record of answers.flat()) {
      check(names.has(record.name.toLowerCase()), `An answer for ${name} is of ${record.name}`);
      for (const target of namesIn(record)) names.add(target.toLowerCase());
    }
    // Nothing of it is kept for the next time.
    forwarder.setServers(["10.0.0.9"]);
  }
}
