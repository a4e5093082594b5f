import { isTokenByte, isValueByte } from "./syntax.ts";

/** Bytes that are allocated at a time. */
const blockBytes = 16_384;

/** What is less of a block is not worth another writer's while. */
const leastRestBytes = 1024;

/**
 * The rests of blocks that nobody writes to now: a writer that rests has none, and there are many.
 */
const spareRests: Uint8Array[] = [];
const maxSpareRests = 16;

const noBlock = new Uint8Array(0);

/**
 * Writes heads and what follows them into blocks of memory. Nothing that could end a line or a head
 * gets into one: a token is a token, and a value has no control bytes.
 */
export class HeadWriter {
  #block: Uint8Array = noBlock;
  /** Where what was not taken yet begins and ends in the block. */
  #start = 0;
  #end = 0;

  /** Bytes that were written and not taken. */
  get byteCount(): number {
    return this.#end - this.#start;
  }

  /**
   * Writes the first line of a request.
   *
   * @throws {TypeError} if the method is no token, or the target is empty or not visible ASCII;
   *   nothing was written
   */
  requestLine(method: string, target: string): void {
    if (!isToken(method)) throw new TypeError(`Cannot send "${method}": it is no method`);
    if (!/^[\x21-\x7e]+$/.test(target)) {
      throw new TypeError(`Cannot send "${target}": it is no target of a request`);
    }
    this.text(`${method} ${target} HTTP/1.1\r\n`);
  }

  /**
   * Writes the first line of a response.
   *
   * @throws {TypeError} if `reason` has control bytes or more than bytes in it; nothing was written
   * @throws {RangeError} if `status` is not a whole number 100–999
   */
  statusLine(status: number, reason: string): void {
    if (!Number.isInteger(status) || status < 100 || status > 999) {
      throw new RangeError(`Cannot send ${status}: it is no status`);
    }
    if (!isValue(reason)) throw new TypeError(`Cannot send "${reason}": it is no reason`);
    this.text(`HTTP/1.1 ${status} ${reason}\r\n`);
  }

  /**
   * Writes a field, without the space around its value.
   *
   * @throws {TypeError} if the name is no token, or the value has control bytes or more than bytes
   *   in it; nothing was written
   */
  field(name: string, value: string): void {
    const room = this.#room(name.length + value.length + 4);
    let at = this.#end;
    for (let index = 0; index < name.length; index += 1) {
      const code = name.charCodeAt(index);
      if (isTokenByte[code] !== 1) throw refusedField(name);
      room[at + index] = code;
    }
    if (name === "") throw refusedField(name);
    at += name.length;
    room[at] = 0x3a;
    room[at + 1] = 0x20;
    at += 2;
    let start = 0;
    let end = value.length;
    while (start < end && isSpaceAt(value, start)) start += 1;
    while (end > start && isSpaceAt(value, end - 1)) end -= 1;
    for (let index = start; index < end; index += 1) {
      const code = value.charCodeAt(index);
      if (isValueByte[code] !== 1) throw refusedField(name);
      room[at] = code;
      at += 1;
    }
    room[at] = 0x0d;
    room[at + 1] = 0x0a;
    this.#end = at + 2;
  }

  /** Writes text as it is, one byte for each code unit: for what nobody else wrote. */
  text(text: string): void {
    const room = this.#room(text.length);
    const at = this.#end;
    for (let index = 0; index < text.length; index += 1) room[at + index] = text.charCodeAt(index);
    this.#end = at + text.length;
  }

  /** Writes the empty line that ends a head. */
  endHead(): void {
    const room = this.#room(2);
    room[this.#end] = 0x0d;
    room[this.#end + 1] = 0x0a;
    this.#end += 2;
  }

  /** Writes bytes (*borrowed*): of a body that is not worth a write of its own. */
  bytes(bytes: Uint8Array): void {
    this.#room(bytes.length).set(bytes, this.#end);
    this.#end += bytes.length;
  }

  /** Forgets what was written behind the first `byteCount` bytes. */
  truncate(byteCount: number): void {
    this.#end = this.#start + byteCount;
  }

  /** Gives what was written, which the caller owns. */
  take(): Uint8Array {
    const block = this.#block;
    const taken = block.subarray(this.#start, this.#end);
    const rest = block.subarray(this.#end);
    if (rest.length >= leastRestBytes && spareRests.length < maxSpareRests) spareRests.push(rest);
    this.#block = noBlock;
    this.#start = 0;
    this.#end = 0;
    return taken;
  }

  /** The block, with room for so many bytes from {@link HeadWriter.#end} on. */
  #room(byteCount: number): Uint8Array {
    if (this.#end + byteCount <= this.#block.length) return this.#block;
    const kept = this.#block.subarray(this.#start, this.#end);
    const spare = spareRests.at(-1);
    if (kept.length === 0 && spare !== undefined && spare.length >= byteCount) {
      spareRests.pop();
      this.#block = spare;
      this.#start = 0;
      this.#end = 0;
      return spare;
    }
    this.#block = new Uint8Array(Math.max(blockBytes, 2 * (kept.length + byteCount)));
    this.#block.set(kept);
    this.#start = 0;
    this.#end = kept.length;
    return this.#block;
  }
}

/** Whether text is a token (RFC 9110, 5.6.2). */
export function isToken(text: string): boolean {
  for (let at = 0; at < text.length; at += 1)
    if (isTokenByte[text.charCodeAt(at)] !== 1) return false;
  return text !== "";
}

/** Whether text can be the value of a field, or a reason. */
export function isValue(text: string): boolean {
  for (let at = 0; at < text.length; at += 1)
    if (isValueByte[text.charCodeAt(at)] !== 1) return false;
  return true;
}

function isSpaceAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code === 0x20 || code === 0x09;
}

function refusedField(name: string): TypeError {
  return new TypeError(`Cannot send the field "${name}": its name or its value is not allowed`);
}
