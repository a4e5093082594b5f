/**
 * The rules' language, a line a rule:
 *
 *     # what stands behind a number sign is for people
 *     default deny
 *     default output allow
 *     allow in lan tcp from 10.0.0.0/24 to any port 80,443,8000-8099
 *     reject log forward in lan out wan udp to not 192.0.2.53 port 53
 *     allow icmp type echo-request
 *
 * A rule is an action, then in this order, each left out where it does not matter: `log`; `input`,
 * `forward` or `output`; `in` and `out` with an interface; a protocol, by name or number, which may also
 * stand before these; `from` and
 * `to` with `any` or addresses and prefixes (`not` before them means all others), and `port` behind;
 * `type` of ICMP. Several values have commas between them, and no spaces.
 */

import { parseAddress, parsePrefix } from "../address.ts";
import type { Prefix } from "../prefix.ts";
import {
  type Action,
  anywhere,
  type Defaults,
  type IcmpName,
  icmpNumbers,
  type Place,
  protocolNumbers,
  type Range,
  type Rule,
  type RuleSet,
  type Side,
} from "./rule.ts";

/** Something that is no rule. */
export interface RuleError {
  /** From 1 on. */
  readonly line: number;
  /** From 1 on. */
  readonly column: number;
  readonly message: string;
}

/** What came of reading rules: those that could be read are there all the same. */
export interface Parsed extends RuleSet {
  readonly errors: readonly RuleError[];
  /** The line of each rule. */
  readonly lines: readonly number[];
}

const actions: ReadonlySet<Action> = new Set(["allow", "deny", "reject"]);
const places: ReadonlySet<Place> = new Set(["input", "forward", "output"]);

/** Reads rules. Never throws. */
export function parse(text: string): Parsed {
  const rules: Rule[] = [];
  const lines: number[] = [];
  const errors: RuleError[] = [];
  const defaults: Record<Place, Action> = { input: "deny", forward: "deny", output: "allow" };
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const words = new Words(line);
    if (words.isAtEnd) continue;
    try {
      if (words.takeIf("default")) {
        Object.assign(defaults, readDefault(words));
      } else {
        rules.push(readRule(words));
        lines.push(index + 1);
      }
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      errors.push({ line: index + 1, column: error.column, message: error.message });
    }
  }
  return { rules, defaults, errors, lines };
}

/** Thrown within this file, for what is no rule. */
class Unreadable extends Error {
  readonly column: number;

  constructor(message: string, column: number) {
    super(message);
    this.column = column;
  }
}

interface Word {
  readonly text: string;
  readonly column: number;
}

/** The words of a line, taken one by one. */
class Words {
  readonly #words: readonly Word[];
  readonly #endColumn: number;
  #index = 0;

  constructor(line: string) {
    const meant = line.replace(/#.*/s, "");
    this.#words = Array.from(meant.matchAll(/\S+/g), ({ 0: text, index }) => ({
      text,
      column: index + 1,
    }));
    this.#endColumn = meant.trimEnd().length + 1;
  }

  get isAtEnd(): boolean {
    return this.#index >= this.#words.length;
  }

  peek(): string {
    return this.#words[this.#index]?.text ?? "";
  }

  takeIf(text: string): boolean {
    if (this.peek() !== text) return false;
    this.#index += 1;
    return true;
  }

  take(what: string): Word {
    const word = this.#words[this.#index];
    if (word === undefined) throw new Unreadable(`Expected ${what}`, this.#endColumn);
    this.#index += 1;
    return word;
  }

  /** Takes a word of a set. */
  takeOf<Text extends string>(allowed: ReadonlySet<Text>, what: string): Text {
    const { text, column } = this.take(what);
    if (!allowed.has(text as Text)) throw new Unreadable(`Expected ${what}, not "${text}"`, column);
    return text as Text;
  }

  /** Takes values with commas between them, each read by `read`. */
  takeList<Value>(what: string, read: (text: string) => Value | undefined): readonly Value[] {
    const { text, column } = this.take(what);
    let at = column;
    return text.split(",").map((part) => {
      const value = read(part);
      if (value === undefined) throw new Unreadable(`Expected ${what}, not "${part}"`, at);
      at += part.length + 1;
      return value;
    });
  }

  expectEnd(): void {
    if (this.isAtEnd) return;
    const { text, column } = this.take("");
    throw new Unreadable(`Did not expect "${text}" here`, column);
  }
}

function readDefault(words: Words): Partial<Defaults> {
  const place = places.has(words.peek() as Place) ? words.takeOf(places, "a place") : undefined;
  const action = words.takeOf(actions, "allow, deny or reject");
  words.expectEnd();
  return place === undefined
    ? { input: action, forward: action, output: action }
    : { [place]: action };
}

function readRule(words: Words): Rule {
  const action = words.takeOf(actions, "allow, deny, reject or default");
  const isLogged = words.takeIf("log");
  const place = places.has(words.peek() as Place) ? words.takeOf(places, "a place") : undefined;
  const before = readInterfaces(words);
  const protocol = readProtocol(words);
  const after = readInterfaces(words);
  const hasPorts = protocol === 6 || protocol === 17 || protocol === 132;
  const rule: Rule = {
    action,
    isLogged,
    place,
    in: before.in ?? after.in,
    out: before.out ?? after.out,
    protocol,
    from: words.takeIf("from") ? readSide(words, hasPorts) : anywhere,
    to: words.takeIf("to") ? readSide(words, hasPorts) : anywhere,
    icmpTypes:
      protocol === "icmp" && words.takeIf("type")
        ? words.takeList("a type of ICMP", readIcmpType)
        : undefined,
  };
  words.expectEnd();
  return rule;
}

function readInterfaces(words: Words): Pick<Rule, "in" | "out"> {
  const name = (word: string): string | undefined =>
    words.takeIf(word) ? words.take("the name of an interface").text : undefined;
  return { in: name("in"), out: name("out") };
}

function readProtocol(words: Words): Rule["protocol"] {
  const text = words.peek();
  if (text === "icmp") {
    words.takeIf(text);
    return "icmp";
  }
  const named = Object.hasOwn(protocolNumbers, text) ? protocolNumbers[text] : undefined;
  const number = named ?? readNumber(text, 255);
  if (number !== undefined) words.takeIf(text);
  return number;
}

function readSide(words: Words, hasPorts: boolean): Side {
  const isNegated = words.takeIf("not");
  const isAny = !isNegated && words.takeIf("any");
  const prefixes = isAny ? undefined : words.takeList("an address, a prefix or any", readPrefix);
  const ports =
    hasPorts && words.takeIf("port")
      ? words.takeList("a port or ports, such as 80 or 8000-8099", readPorts)
      : undefined;
  return { prefixes, isNegated, ports };
}

function readPrefix(text: string): Prefix | undefined {
  if (text.includes("/")) return parsePrefix(text);
  const address = parseAddress(text);
  return address === undefined ? undefined : { address, length: 8 * address.length };
}

function readPorts(text: string): Range | undefined {
  const [first, last = first, ...rest] = text.split("-").map((part) => readNumber(part, 65_535));
  if (first === undefined || last === undefined || rest.length > 0 || first > last)
    return undefined;
  return text.endsWith("-") ? undefined : [first, last];
}

function readIcmpType(text: string): IcmpName | number | undefined {
  return Object.hasOwn(icmpNumbers, text) ? (text as IcmpName) : readNumber(text, 255);
}

function readNumber(text: string, most: number): number | undefined {
  const number = /^(?:0|[1-9]\d{0,4})$/.test(text) ? Number(text) : Infinity;
  return number <= most ? number : undefined;
}
