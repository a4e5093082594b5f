import type { Disk } from "./disk.ts";
import { digestBytes } from "./record.ts";
import { Sha256 } from "./sha-256.ts";
import type { Dictionary, Node } from "./tree.ts";
import { digestOfValue } from "./value.ts";

/** Digests of what a store holds. Each is made once, since a node never changes. */
export class Digests {
  readonly #disk: Disk;
  readonly #known = new WeakMap<Node, Uint8Array>();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  /** The digest of a node, *fresh*. A value of several parts is read for it. */
  async of(node: Node): Promise<Uint8Array> {
    const known = this.#known.get(node);
    if (known !== undefined) return known.slice();
    const digest =
      node.kind === "value" ? await digestOfValue(this.#disk, node) : await this.#ofAll(node);
    this.#known.set(node, digest);
    return digest.slice();
  }

  async #ofAll({ entries }: Dictionary): Promise<Uint8Array> {
    const hash = new Sha256();
    for (const [name, node] of entries) {
      // As JSON a name is told from any other, also where it is no well-formed text.
      hash.add(new TextEncoder().encode(`${JSON.stringify(name)} ${node.kind}`));
      hash.add(await this.of(node));
    }
    return hash.digest().slice(0, digestBytes);
  }
}
