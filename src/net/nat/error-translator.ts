/** ICMP errors about what was translated: they are translated back, with what they quote. */

import { toNumber } from "../ipv4/address.ts";
import { protocols, type RoutedPacket } from "../router/packet.ts";
import type { Verdict } from "../router/stage.ts";
import { type Mappings, remoteKeyOf } from "./mappings.ts";
import type { NatCounters } from "./options.ts";
import { quotedIn, rewrite } from "./quoted-endpoint.ts";

export class ErrorTranslator {
  readonly #mappings: Mappings;
  readonly #bytes: Uint8Array;
  readonly #address: number;
  readonly #counters: NatCounters;

  /** @param address the one outside, 4 bytes */
  constructor(mappings: Mappings, address: Uint8Array, counters: NatCounters) {
    this.#mappings = mappings;
    this.#bytes = address;
    this.#address = toNumber(address);
    this.#counters = counters;
  }

  /** An error from outside about a packet from inside (RFC 5508, 4.2). */
  in(packet: RoutedPacket): Verdict {
    const quoted = quotedIn(packet);
    if (quoted === undefined) return this.#refuse("untranslatable");
    const mapping = this.#mappings.ofExternal(quoted.protocol, quoted.sourcePort);
    const remotePort = quoted.protocol === protocols.icmp ? 0 : quoted.destinationPort;
    const session = mapping?.sessions.get(remoteKeyOf(quoted.destination, remotePort));
    if (quoted.source !== this.#address || mapping === undefined || session === undefined) {
      // It may be about a packet of the router's own that needs no mapping.
      return mapping === undefined && quoted.source === this.#address
        ? "pass"
        : this.#refuse("noMapping");
    }
    rewrite(packet, quoted, "source", mapping.insideAddress, mapping.insidePort);
    packet.setDestination(mapping.insideAddress, undefined);
    this.#counters.errorsTranslated += 1;
    return "pass";
  }

  /** An error from inside about a packet from outside. */
  out(packet: RoutedPacket): Verdict {
    const quoted = quotedIn(packet);
    if (quoted === undefined) return this.#refuse("untranslatable");
    // About a packet for the router itself, by the router itself.
    if (quoted.destination === this.#address) return "pass";
    const mapping = this.#mappings.ofInside(
      quoted.protocol,
      quoted.destination,
      quoted.destinationPort,
    );
    if (mapping === undefined) {
      return packet.from === undefined ? "pass" : this.#refuse("noMapping");
    }
    rewrite(packet, quoted, "destination", this.#bytes, mapping.externalPort);
    packet.setSource(this.#bytes, undefined);
    this.#counters.errorsTranslated += 1;
    return "pass";
  }

  /** An error from inside about a packet that came from inside (RFC 5508, 4.2, REQ-6). */
  hairpin(packet: RoutedPacket): Verdict {
    const quoted = quotedIn(packet);
    if (quoted === undefined) return this.#refuse("untranslatable");
    const target = this.#mappings.ofInside(
      quoted.protocol,
      quoted.destination,
      quoted.destinationPort,
    );
    const sender = this.#mappings.ofExternal(quoted.protocol, quoted.sourcePort);
    if (target === undefined || sender === undefined || quoted.source !== this.#address)
      return "pass";
    rewrite(packet, quoted, "destination", this.#bytes, target.externalPort);
    rewrite(packet, quoted, "source", sender.insideAddress, sender.insidePort);
    packet.setSource(this.#bytes, undefined);
    packet.setDestination(sender.insideAddress, undefined);
    this.#counters.errorsTranslated += 1;
    return "pass";
  }

  #refuse(counter: "untranslatable" | "noMapping"): Verdict {
    this.#counters[counter] += 1;
    return "drop";
  }
}
