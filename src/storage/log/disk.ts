import {
  BlockError,
  KeyValueError,
  type Block,
  type BlockErrorCode,
  type KeyValueErrorCode,
} from "../../devices/index.ts";

/** Codes that mean the same for a store; the others are failures of the medium. */
const sameCodes: Partial<Record<BlockErrorCode, KeyValueErrorCode>> = {
  closed: "closed",
  "no-space": "no-space",
  "read-only": "read-only",
  damaged: "damaged",
};

/** What bytes are read from. */
export interface Reader {
  /** Bytes from byte `start` on; they must not be changed. */
  read(start: number, lengthBytes: number): Promise<Uint8Array>;
}

/** How much {@link ReadAhead} reads at once. */
const windowBytes = 262_144;

/** A {@link Block} as a store uses it: bytes at any place are read, whole sectors written. */
export class Disk implements Reader {
  readonly #block: Block;

  constructor(block: Block) {
    this.#block = block;
  }

  get sectorBytes(): number {
    return this.#block.info.sectorBytes;
  }

  get sectorCount(): number {
    return this.#block.info.sectorCount;
  }

  get readWrite(): boolean {
    return this.#block.info.readWrite;
  }

  /** Bytes from byte `start` on, *fresh*. What was written when it is called is what it reads. */
  async read(start: number, lengthBytes: number): Promise<Uint8Array> {
    if (lengthBytes === 0) return new Uint8Array();
    const { sectorBytes } = this;
    const sector = Math.floor(start / sectorBytes);
    const before = start - sector * sectorBytes;
    const sectorCount = Math.ceil((before + lengthBytes) / sectorBytes);
    const bytes = new Uint8Array(sectorCount * sectorBytes);
    await this.#try("read", () => this.#block.read(sector, [bytes]));
    return bytes.subarray(before, before + lengthBytes);
  }

  /** Writes whole sectors, *borrowed*, which {@link Disk.sync} then makes durable. */
  write(sector: number, bytes: Uint8Array): Promise<void> {
    return this.#try("write", () => this.#block.write(sector, [bytes]));
  }

  /** Resolves when all that was written is durable. */
  async sync(): Promise<void> {
    if (this.#block.info.durableAfter === "write") return;
    await this.#try("write", () => this.#block.flush());
  }

  async #try(what: string, operation: () => Promise<void>): Promise<void> {
    try {
      await operation();
    } catch (error) {
      const code = (error instanceof BlockError ? sameCodes[error.code] : undefined) ?? "io";
      const why = error instanceof Error ? error.message : String(error);
      throw new KeyValueError(code, `Cannot ${what} the store's disk: ${why}`, { cause: error });
    }
  }
}

/** Reads more than it is asked for, for who reads a disk from one end to the other. */
export class ReadAhead implements Reader {
  readonly #disk: Disk;
  #start = 0;
  #bytes: Uint8Array = new Uint8Array();

  constructor(disk: Disk) {
    this.#disk = disk;
  }

  async read(start: number, lengthBytes: number): Promise<Uint8Array> {
    const isThere = start >= this.#start && start + lengthBytes <= this.#start + this.#bytes.length;
    if (!isThere) {
      const leftBytes = this.#disk.sectorCount * this.#disk.sectorBytes - start;
      if (lengthBytes > windowBytes) return this.#disk.read(start, lengthBytes);
      this.#bytes = await this.#disk.read(start, Math.min(windowBytes, leftBytes));
      this.#start = start;
    }
    return this.#bytes.subarray(start - this.#start, start - this.#start + lengthBytes);
  }
}
