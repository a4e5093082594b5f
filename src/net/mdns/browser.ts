import { formatAddress } from "../address.ts";
import { keyOf } from "../dns/domain.ts";
import { recordType } from "../dns/packet.ts";
import { namesIn } from "../dns/record-fields.ts";
import type { Querier } from "./querier.ts";
import { decodeTexts, portOf, titleOf, type FoundService } from "./service.ts";

/** What has become of a service. */
export interface ServiceChange {
  readonly kind: "found" | "changed" | "lost";
  readonly service: FoundService;
}

/** Services of one type that are followed at most. */
const maxServices = 200;

/**
 * Follows all services of one type: which there are, where they are and what is said of them.
 *
 * @see RFC 6763, 4 and 5
 */
export class Browser {
  readonly #querier: Querier;
  readonly #name: string;
  readonly #type: string;
  readonly #tell: (change: ServiceChange) => void;
  readonly #stopListening: () => void;
  /** What is asked for, by name and type. */
  #watches = new Map<string, () => void>();
  #services: ReadonlyMap<string, FoundService> = new Map();

  constructor(querier: Querier, name: string, type: string, tell: (change: ServiceChange) => void) {
    this.#querier = querier;
    this.#name = name;
    this.#type = type;
    this.#tell = tell;
    this.#stopListening = querier.onChange(() => this.#update());
    this.#update();
  }

  stop(): void {
    this.#stopListening();
    for (const stop of this.#watches.values()) stop();
    this.#watches.clear();
  }

  #update(): void {
    const wanted = new Map<string, readonly [name: string, type: number]>();
    const want = (name: string, type: number): void => {
      wanted.set(`${keyOf(name)} ${type}`, [name, type]);
    };
    want(this.#name, recordType.PTR);
    const pointers = this.#querier.records(this.#name, recordType.PTR).flatMap(namesIn);
    const services = new Map<string, FoundService>();
    for (const instance of pointers.slice(0, maxServices)) {
      const service = this.#service(instance, want);
      if (service !== undefined) services.set(keyOf(instance), service);
    }
    this.#watch(wanted);
    this.#compare(services);
  }

  /** What is known of a service, if it is all; asks for the rest. */
  #service(instance: string, want: (name: string, type: number) => void): FoundService | undefined {
    want(instance, recordType.SRV);
    want(instance, recordType.TXT);
    const [place] = this.#querier.records(instance, recordType.SRV);
    const [text] = this.#querier.records(instance, recordType.TXT);
    const host = place && namesIn(place)[0];
    if (place === undefined || host === undefined) return undefined;
    const addresses = [recordType.AAAA, recordType.A].flatMap((type) => {
      want(host, type);
      return this.#querier.records(host, type).map(({ data }) => formatAddress(data));
    });
    if (addresses.length === 0 || text === undefined) return undefined;
    return {
      name: titleOf(instance),
      type: this.#type,
      port: portOf(place.data),
      host,
      addresses: addresses.toSorted(),
      texts: decodeTexts(text.data),
    };
  }

  /** Asks for these and for nothing else. */
  #watch(wanted: ReadonlyMap<string, readonly [name: string, type: number]>): void {
    const before = this.#watches;
    this.#watches = new Map(
      [...wanted].map(([key, [name, type]]) => [
        key,
        before.get(key) ?? this.#querier.watch(name, type),
      ]),
    );
    for (const [key, stop] of before) if (!wanted.has(key)) stop();
  }

  #compare(services: ReadonlyMap<string, FoundService>): void {
    const before = this.#services;
    this.#services = services;
    for (const [key, service] of services) {
      const known = before.get(key);
      if (known === undefined) this.#tell({ kind: "found", service });
      else if (JSON.stringify(known) !== JSON.stringify(service)) {
        this.#tell({ kind: "changed", service });
      }
    }
    for (const [key, service] of before) {
      if (!services.has(key)) this.#tell({ kind: "lost", service });
    }
  }
}
