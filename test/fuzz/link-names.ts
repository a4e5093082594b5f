/** Multicast DNS under fire: a host that publishes and browses hears mutated messages of others. */

import type { Random } from "../../src/devices/index.ts";
import { connect, type Mdns } from "../../src/net/mdns/mdns.ts";
import {
  decode,
  encodeQuery,
  encodeResponse,
  maxMessageBytes,
  type MdnsRecord,
} from "../../src/net/mdns/packet.ts";
import {
  encodePlace,
  encodeTarget,
  encodeTexts,
  instanceName,
  typesName,
} from "../../src/net/mdns/service.ts";
import type { Generator } from "../../src/simulated/generator.ts";
import { Datagrams } from "./datagrams.ts";
import type { ManualClock } from "./manual-clock.ts";
import { mutate } from "./mutate.ts";

const theirs = instanceName("Their Web", "_http._tcp");
const ours = instanceName("Our Web", "_http._tcp");

function record(name: string, type: number, data: Uint8Array, isUnique: boolean): MdnsRecord {
  return { name, type, class: 1, ttlSeconds: 120, data, isUnique };
}

const records: readonly MdnsRecord[] = [
  record("_http._tcp.local", 12, encodeTarget(theirs), false),
  record("_http._tcp.local", 12, encodeTarget(ours), false),
  record(typesName, 12, encodeTarget("_http._tcp.local"), false),
  record(theirs, 33, encodePlace(80, "beta.local"), true),
  record(theirs, 16, encodeTexts({ path: "/" }), true),
  record("beta.local", 1, Uint8Array.of(10, 0, 0, 2), true),
  record("alpha.local", 1, Uint8Array.of(10, 0, 0, 2), true),
  record("alpha.local", 47, Uint8Array.of(0xc0, 12, 0, 1, 0x40), true),
];
const questions = [
  { name: "_http._tcp.local", type: 12, wantsUnicast: false },
  { name: "alpha.local", type: 255, wantsUnicast: true },
  { name: ours, type: 33, wantsUnicast: false },
];
const messages: readonly Uint8Array[] = [
  ...encodeResponse(records, []),
  ...encodeResponse(records.slice(3, 6), records.slice(0, 1)),
  ...encodeQuery({ questions, known: records.slice(0, 2) }),
  ...encodeQuery({ questions: questions.slice(1, 2), claimed: records.slice(6, 7) }),
];

/** A host that is told mutated messages, one at each call. */
export class LinkNames {
  readonly #datagrams = new Datagrams({ address: "10.0.0.2", port: 5353 });
  readonly #mdns: Mdns;
  readonly #clock: ManualClock;
  readonly #generator: Generator;
  #last: Uint8Array = messages[0] ?? new Uint8Array(0);

  constructor(clock: ManualClock, random: Random, generator: Generator) {
    this.#clock = clock;
    this.#generator = generator;
    const stack = {
      udp: this.#datagrams,
      addresses: ["10.0.0.1/24", "fe80::1/64"],
      onAddressesChange: () => () => {},
    };
    this.#mdns = connect({ stack, clock, random, hostName: "alpha" });
    void this.#mdns.publish({ name: "Our Web", type: "_http._tcp", port: 80 });
    this.#mdns.browse("_http._tcp", () => {});
    this.#mdns.browseTypes(() => {});
  }

  /** @param watch sees the message before it is heard */
  hear(watch: (message: Uint8Array) => void): void {
    const generator = this.#generator;
    const message = messages[generator.below(messages.length)] ?? this.#last;
    const mutated = generator.chance(0.1)
      ? message.slice()
      : mutate(message, this.#last, generator);
    if (generator.chance(0.1)) this.#last = mutated;
    watch(mutated);
    this.#datagrams.deliver(mutated);
    this.#clock.advance(generator.fraction() ** 6 * 3000);
    for (const sent of this.#datagrams.sent.splice(0)) {
      if (sent.length > maxMessageBytes) throw new Error(`A message of ${sent.length} bytes`);
      if (decode(sent) === undefined) throw new Error("A message that was sent is malformed");
    }
  }
}
