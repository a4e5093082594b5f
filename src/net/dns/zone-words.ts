/** The words of a zone file, entry by entry (RFC 1035, 5.1). */

import type { Word } from "./record-text.ts";

/** Where something stands, from 1 on. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** A word and where it begins. */
export interface PlacedWord extends Word, Place {}

/** What stands on one line, or on several within parentheses. */
export interface Entry {
  /** Whether it begins with a blank: it is about the same name as the one before. */
  readonly isIndented: boolean;
  /** At least one. */
  readonly words: readonly PlacedWord[];
  /** Where the last word ends. */
  readonly end: Place;
}

/** Says that text is no zone, where and why. */
export type Refuse = (place: Place, reason: string) => never;

/** Cuts the text of a zone file into entries. */
export class Entries {
  readonly #text: string;
  readonly #refuse: Refuse;
  #at = 0;
  #line = 1;
  #lineStart = 0;

  constructor(text: string, refuse: Refuse) {
    this.#text = text.replace(/^\uFEFF/, "");
    this.#refuse = refuse;
  }

  /** The next entry, or `undefined` at the end. */
  next(): Entry | undefined {
    while (this.#at < this.#text.length) {
      const isIndented = /[ \t]/.test(this.#text[this.#at] ?? "");
      const words = this.#words();
      const end = this.#place();
      this.#skipNewLine();
      if (words.length > 0) return { isIndented, words, end };
    }
    return undefined;
  }

  /** Reads up to the end of a line that is not within parentheses, and stands there. */
  #words(): readonly PlacedWord[] {
    const words: PlacedWord[] = [];
    const open: Place[] = [];
    for (;;) {
      const char = this.#text[this.#at];
      if (char === undefined || (char === "\n" && open.length === 0)) break;
      const place = this.#place();
      if (char === "\n") {
        this.#skipNewLine();
      } else if (/[ \t\r]/.test(char)) {
        this.#at += 1;
      } else if (char === ";") {
        this.#skipComment();
      } else if (char === "(") {
        open.push(place);
        this.#at += 1;
      } else if (char === ")") {
        if (open.pop() === undefined) this.#refuse(place, "there is no ( before this )");
        this.#at += 1;
      } else {
        words.push({ ...this.#word(place), ...place });
      }
    }
    const [first] = open;
    if (first !== undefined) this.#refuse(first, "there is no ) for this (");
    return words;
  }

  #word(place: Place): Word {
    const isQuoted = this.#text[this.#at] === '"';
    const pattern = isQuoted ? /"((?:[^"\\\n]|\\[^\n])*)"/y : /((?:[^ \t\r\n;()"\\]|\\[^\n])+)/y;
    pattern.lastIndex = this.#at;
    const [all, text] = pattern.exec(this.#text) ?? [];
    if (all === undefined || text === undefined) {
      return this.#refuse(place, isQuoted ? "this text has no end" : "an escape has no character");
    }
    this.#at += all.length;
    return { text, isQuoted };
  }

  #skipComment(): void {
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end === -1 ? this.#text.length : end;
  }

  #skipNewLine(): void {
    if (this.#text[this.#at] !== "\n") return;
    this.#at += 1;
    this.#line += 1;
    this.#lineStart = this.#at;
  }

  #place(): Place {
    return { line: this.#line, column: this.#at - this.#lineStart + 1 };
  }
}
