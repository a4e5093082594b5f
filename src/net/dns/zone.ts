/** A zone: what it says of a name (RFC 1034, 4.3.2; RFC 4592, wildcards). */

import { long } from "../words.ts";
import { asterisk, below, formatName, isWithin, keyOf, parentOf } from "./domain.ts";
import { recordType, type DnsRecord } from "./packet.ts";
import { typeText } from "./record-fields.ts";

/** All records of a name that have one type; at least one, and all with one time to live. */
export type RecordSet = readonly DnsRecord[];

/**
 * What a zone says of a name and a type. `source` is the name in the zone that says so, which many
 * names share where it is a wildcard.
 */
export type Finding = { readonly source: string } & (
  | { readonly kind: "sets"; readonly sets: readonly RecordSet[] }
  /** The name is another's alias. */
  | { readonly kind: "alias"; readonly set: RecordSet }
  /** Others have the name: their NS records. */
  | { readonly kind: "referral"; readonly set: RecordSet }
  /** The name is there, without such records. */
  | { readonly kind: "no-data" }
  | { readonly kind: "no-such-name" }
);

/** Asks for all types (RFC 1035, 3.2.3). */
export const anyType = 255;

/** A delegation's key; the zone above answers for it (RFC 4035, 3.1.4.1). */
export const delegationSigner = 43;

type Node = Map<number, DnsRecord[]>;

/** The records of a zone, to be looked up. */
export class Zone {
  /** The name of the zone, as {@link keyOf} gives it. */
  readonly origin: string;
  /** Its SOA record, for answers that there is nothing: with the time to live of RFC 2308, 3. */
  readonly negativeSoa: DnsRecord;
  readonly #records: readonly DnsRecord[];
  /** By key. Names above others are there too, even without records (RFC 4592, 2.2.2). */
  readonly #nodes = new Map<string, Node>();

  /**
   * @throws {TypeError} if that is no zone: without one SOA and an NS record at its top, with
   *   records of other zones, or with an alias that is something else too
   */
  constructor(origin: string, records: readonly DnsRecord[]) {
    this.origin = keyOf(origin);
    this.#records = records;
    for (const record of records) this.#add(record);
    const [soa, ...more] = this.set(this.origin, recordType.SOA);
    if (soa === undefined) this.#refuse("it has no SOA record");
    if (more.length > 0) this.#refuse("it has more than one SOA record");
    if (this.set(this.origin, recordType.NS).length === 0) this.#refuse("it has no NS record");
    this.#checkAliases();
    const minimum = long(soa.data, soa.data.length - 4);
    this.negativeSoa = { ...soa, ttlSeconds: Math.min(soa.ttlSeconds, minimum) };
  }

  /** The records as they were given. */
  get records(): readonly DnsRecord[] {
    return this.#records;
  }

  /** The records at this very name, delegated or not; as {@link keyOf} gives it. */
  set(key: string, type: number): RecordSet {
    return this.#nodes.get(key)?.get(type) ?? [];
  }

  /** Looks up a name of the zone; records of a wildcard come with the name that was asked. */
  find(name: string, type: number): Finding {
    const key = keyOf(name);
    const path = this.#path(key);
    for (const above of path.slice(0, -1)) {
      const cut = this.#cut(above);
      if (cut !== undefined) return { kind: "referral", set: cut, source: above };
      if (!this.#nodes.has(above)) break;
    }
    const node = this.#nodes.get(key);
    if (node !== undefined) {
      const cut = type === delegationSigner ? undefined : this.#cut(key);
      if (cut !== undefined) return { kind: "referral", set: cut, source: key };
      return { ...ofNode(node, type), source: key };
    }
    return this.#fromWildcard(path, name, type);
  }

  /** The names from the zone's top down to one of its names, both included. */
  #path(key: string): readonly string[] {
    const path: string[] = [key];
    for (let above = key; above !== this.origin;) {
      above = parentOf(above);
      path.unshift(above);
    }
    return path;
  }

  /** The NS records of a delegation. */
  #cut(key: string): RecordSet | undefined {
    return key === this.origin ? undefined : this.#nodes.get(key)?.get(recordType.NS);
  }

  /** Of a name that is not there: the asterisk below the closest name that is answers for it. */
  #fromWildcard(path: readonly string[], name: string, type: number): Finding {
    const encloser = path.findLast((each) => this.#nodes.has(each)) ?? this.origin;
    const source = below(asterisk, encloser);
    const node = this.#nodes.get(source);
    if (node === undefined) return { kind: "no-such-name", source: encloser };
    const found = ofNode(node, type);
    const named = (set: RecordSet): RecordSet => set.map((record) => ({ ...record, name }));
    if (found.kind === "alias") return { kind: "alias", set: named(found.set), source };
    if (found.kind === "sets") return { kind: "sets", sets: found.sets.map(named), source };
    return { ...found, source };
  }

  #add(record: DnsRecord): void {
    const key = keyOf(record.name);
    if (!isWithin(key, this.origin)) {
      this.#refuse(`it does not hold ${formatName(record.name)}`);
    }
    const node = this.#node(key);
    const set = node.get(record.type) ?? [];
    node.set(record.type, set);
    const [first] = set;
    if (set.some((each) => isSameData(each.data, record.data))) return;
    // RFC 2181, 5.2: the records of a set have one time to live.
    set.push({ ...record, ttlSeconds: first?.ttlSeconds ?? record.ttlSeconds });
  }

  /** The node of a name, made with all above it. */
  #node(key: string): Node {
    const known = this.#nodes.get(key);
    if (known !== undefined) return known;
    const node: Node = new Map();
    this.#nodes.set(key, node);
    if (key !== this.origin) this.#node(parentOf(key));
    return node;
  }

  #checkAliases(): void {
    for (const [key, node] of this.#nodes) {
      const aliases = node.get(recordType.CNAME);
      if (aliases === undefined) continue;
      const other = [...node.keys()].find((type) => type !== recordType.CNAME);
      const what = other === undefined ? "two aliases" : `an alias and ${typeText(other)}`;
      if (aliases.length > 1 || other !== undefined) {
        this.#refuse(`${formatName(key)} has ${what}`);
      }
    }
  }

  #refuse(reason: string): never {
    throw new TypeError(`Cannot serve ${formatName(this.origin)}: ${reason}`);
  }
}

type Found =
  | { readonly kind: "sets"; readonly sets: readonly RecordSet[] }
  | { readonly kind: "alias"; readonly set: RecordSet }
  | { readonly kind: "no-data" };

function ofNode(node: Node, type: number): Found {
  if (type === anyType) {
    return node.size === 0 ? { kind: "no-data" } : { kind: "sets", sets: [...node.values()] };
  }
  const set = node.get(type);
  if (set !== undefined) return { kind: "sets", sets: [set] };
  const alias = node.get(recordType.CNAME);
  return alias === undefined ? { kind: "no-data" } : { kind: "alias", set: alias };
}

function isSameData(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, index) => byte === other[index]);
}
