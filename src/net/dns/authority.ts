import { isWithin, keyOf, parentOf } from "./domain.ts";
import { recordType, responseCode, type DnsQuestion, type DnsRecord } from "./packet.ts";
import { namesIn } from "./record-fields.ts";
import { delegationSigner, type Finding, type RecordSet, type Zone } from "./zone.ts";

/** What is answered to a question. */
export interface Answer {
  readonly code: number;
  /** Whether the answer comes from who must know (AA). */
  readonly isAuthoritative: boolean;
  readonly answers: readonly RecordSet[];
  readonly authorities: readonly RecordSet[];
  readonly additionals: readonly RecordSet[];
  /** Whether others have the name; their addresses are as important as who they are (RFC 9471). */
  readonly isReferral: boolean;
  /** Where aliases have led to, if that is in no zone of ours. */
  readonly leadsTo: string | undefined;
  /** What the answer is made from: the same for all that a wildcard, or a missing name, answers. */
  readonly source: string;
}

/** Aliases that are followed for one question. */
const maxAliases = 8;

/** Names whose addresses are added to an answer. */
const maxAdditionalNames = 16;

/** Types whose data names a host, whose addresses are wanted next (RFC 1034, 4.3.2, step 6). */
const pointingTypes: ReadonlySet<number> = new Set([recordType.NS, recordType.MX, recordType.SRV]);

const addressTypes: readonly number[] = [recordType.A, recordType.AAAA];

/** Zones that are served, and the answers that they give. */
export class Authority {
  readonly #zones: ReadonlyMap<string, Zone>;

  /** @throws {TypeError} if two zones have one name */
  constructor(zones: readonly Zone[]) {
    this.#zones = new Map(zones.map((zone) => [zone.origin, zone]));
    if (this.#zones.size < zones.length) {
      throw new TypeError("Cannot serve two zones of one name");
    }
  }

  /** Answers a question of class IN, or gives `undefined` if the name is in no zone of ours. */
  answer(question: DnsQuestion): Answer | undefined {
    const { type } = question;
    const zone = this.#zoneFor(question.name, type);
    return zone && new Lookup((name) => this.#zoneFor(name, type)).answer(zone, question);
  }

  /** The zone that is closest to a name; of a delegation's key, the one above. */
  #zoneFor(name: string, type: number): Zone | undefined {
    const key = keyOf(name);
    const isOfParent = type === delegationSigner && key !== "";
    return (isOfParent ? this.#closest(parentOf(key)) : undefined) ?? this.#closest(key);
  }

  #closest(key: string): Zone | undefined {
    for (let above = key; ; above = parentOf(above)) {
      const zone = this.#zones.get(above);
      if (zone !== undefined || above === "") return zone;
    }
  }
}

/** The answer to one question as it comes together. */
class Lookup {
  readonly #zoneFor: (name: string) => Zone | undefined;
  readonly #answers: RecordSet[] = [];

  constructor(zoneFor: (name: string) => Zone | undefined) {
    this.#zoneFor = zoneFor;
  }

  answer(zone: Zone, { name, type }: DnsQuestion): Answer {
    let asked = name;
    let within = zone;
    const seen = new Set<string>();
    for (;;) {
      const found = within.find(asked, type);
      if (found.kind !== "alias") return this.#end(within, found);
      this.#answers.push(found.set);
      seen.add(keyOf(asked));
      const target = found.set[0] && namesIn(found.set[0])[0];
      const next = target === undefined ? undefined : this.#zoneFor(target);
      const isRound = seen.has(keyOf(target ?? "")) || seen.size > maxAliases;
      if (target === undefined || isRound) return this.#made({ source: found.source });
      // Whoever asked goes on from there, with another server.
      if (next === undefined) return this.#made({ source: found.source, leadsTo: target });
      asked = target;
      within = next;
    }
  }

  #end(zone: Zone, found: Exclude<Finding, { kind: "alias" }>): Answer {
    const { source } = found;
    if (found.kind === "sets") {
      this.#answers.push(...found.sets);
      return this.#made({ source, additionals: this.#addressesOf(found.sets.flat()) });
    }
    if (found.kind === "referral") {
      return this.#made({
        source,
        // Of the first name that was asked (RFC 1035, 4.1.1).
        isAuthoritative: this.#answers.length > 0,
        authorities: [found.set],
        additionals: glueOf(zone, found.set),
        isReferral: true,
      });
    }
    const code = found.kind === "no-such-name" ? responseCode.noSuchName : responseCode.ok;
    return this.#made({ source, code, authorities: [[zone.negativeSoa]] });
  }

  #made(parts: Partial<Answer> & Pick<Answer, "source">): Answer {
    return {
      code: responseCode.ok,
      isAuthoritative: true,
      answers: this.#answers,
      authorities: [],
      additionals: [],
      isReferral: false,
      leadsTo: undefined,
      ...parts,
    };
  }

  /** Addresses of the hosts that records name, as far as zones of ours have them. */
  #addressesOf(records: readonly DnsRecord[]): readonly RecordSet[] {
    const pointing = records.filter(({ type }) => pointingTypes.has(type));
    return hostsOf(pointing).flatMap((host) =>
      addressTypes.flatMap((type) => {
        const found = this.#zoneFor(host)?.find(host, type);
        return found?.kind === "sets" ? found.sets : [];
      }),
    );
  }
}

/** Addresses of name servers that the zone holds: without them nobody could ask those below. */
function glueOf(zone: Zone, servers: RecordSet): readonly RecordSet[] {
  return hostsOf(servers)
    .filter((host) => isWithin(keyOf(host), zone.origin))
    .flatMap((host) => addressTypes.map((type) => zone.set(keyOf(host), type)))
    .filter(({ length }) => length > 0);
}

function hostsOf(records: readonly DnsRecord[]): readonly string[] {
  const hosts = new Map(records.flatMap(namesIn).map((host) => [keyOf(host), host]));
  return [...hosts.values()].slice(0, maxAdditionalNames);
}
