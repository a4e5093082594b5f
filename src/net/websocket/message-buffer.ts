/** A message: a text or bytes. */
export type Message = string | Uint8Array;

/** A part of a message, as it arrived. */
export interface Fragment {
  /** A string of whole characters if the message is a text, else bytes, *fresh*; may be empty. */
  readonly data: Message;
  readonly isLast: boolean;
}

const nothing = new Uint8Array(0);

/** Puts the parts of a message together, and decodes texts, which are known to be UTF-8. */
export class MessageBuffer {
  #bytes: Uint8Array = nothing;
  #length = 0;
  #decoder = makeDecoder();

  /** Takes a part, which is *given*. One alone is not copied. */
  add(part: Uint8Array): void {
    const length = this.#length + part.length;
    if (this.#length === 0) {
      this.#bytes = part;
    } else {
      if (length > this.#bytes.length) this.#grow(Math.max(length, 2 * this.#bytes.length));
      this.#bytes.set(part, this.#length);
    }
    this.#length = length;
  }

  /** Gives all bytes so far, *fresh*, and begins anew. */
  take(): Uint8Array {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#bytes = nothing;
    this.#length = 0;
    return bytes;
  }

  /** Gives all of a message, or what {@link MessageBuffer.fragment} left of it. */
  message(isText: boolean): Message {
    return this.fragment(isText, true).data;
  }

  /** Gives what there is of a message; of a text, its whole characters. */
  fragment(isText: boolean, isLast: boolean): Fragment {
    const bytes = this.take();
    return { data: isText ? this.#decoder.decode(bytes, { stream: !isLast }) : bytes, isLast };
  }

  #grow(byteCount: number): void {
    const grown = new Uint8Array(byteCount);
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** A byte order mark is a character like others: RFC 6455 does not take it off. */
function makeDecoder(): TextDecoder {
  return new TextDecoder("utf-8", { ignoreBOM: true });
}
