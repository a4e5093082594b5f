/**
 * A unikernel's arguments: declared once, as data, for the page's URL and form, the element's
 * attribute and the command line alike.
 */

interface ArgumentBase {
  /** One line for the usage text and the page's form. */
  readonly doc: string;
  /** Whether the argument may be left out although it has no default. */
  readonly optional?: boolean;
  /** What a value must be, in words, where the type alone does not say it. */
  readonly expects?: string;
}

/** The declaration of one argument. Without `default` and `optional` it must be given. */
export type Argument =
  | (ArgumentBase & { readonly type: "string"; readonly default?: string })
  | (ArgumentBase & {
      readonly type: "int" | "number";
      readonly default?: number;
      readonly min?: number;
      readonly max?: number;
    })
  | (ArgumentBase & { readonly type: "boolean"; readonly default?: boolean })
  | (ArgumentBase & {
      readonly type: "choice";
      readonly choices: readonly string[];
      readonly default?: string;
    });

/** Arguments by name, in camel case: `maxHops` is `--max-hops`. */
export type ArgumentTable = Readonly<Record<string, Argument>>;

/** The value of any argument. */
export type ArgumentValue = string | number | boolean | undefined;

type Given<A extends Argument> = A extends { readonly type: "int" | "number" }
  ? number
  : A extends { readonly type: "boolean" }
    ? boolean
    : A extends { readonly type: "choice"; readonly choices: readonly (infer Choice)[] }
      ? Choice
      : string;

/** The values that a table of arguments gives, by name. */
export type ArgumentValues<Table extends ArgumentTable> = {
  readonly [Name in keyof Table]: Table[Name] extends { readonly optional: true }
    ? Given<Table[Name]> | undefined
    : Given<Table[Name]>;
};

/** Values by name, where the table is not known to the compiler. */
export type LooseValues = Readonly<Record<string, ArgumentValue>>;

/** What is wrong with a command line; {@link ./usage.ts} puts it into words. */
export interface Misuse {
  readonly problem: "unexpected" | "unknown" | "no-value" | "bad-value" | "missing";
  /** The word that stands there, or the flag it is about. */
  readonly word: string;
  /** The value that was given. */
  readonly text?: string;
}

/** What came of reading a command line. */
export type ParsedArguments =
  | { readonly kind: "values"; readonly values: LooseValues }
  | { readonly kind: "help" }
  | { readonly kind: "invalid"; readonly misuse: Misuse };

/** Says how an argument is written: `maxHops` becomes `--max-hops`. */
export function flagOf(name: string): string {
  return `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/**
 * Reads `--name=value`, `--name value`, `--switch` and `--no-switch` by `table`; of several for one
 * name the last counts. Never throws: what is wrong comes back as data. `wrongIn` names a value that
 * its type allows, and something else does not.
 */
export function parseArguments(
  table: ArgumentTable,
  argv: readonly string[],
  wrongIn?: (values: LooseValues) => string | undefined,
): ParsedArguments {
  const entries = Object.entries(table);
  const byFlag = new Map(entries.map(([name, arg]) => [flagOf(name), { name, arg }]));
  // An own property for each: an argument may be called `constructor`.
  const values: Record<string, ArgumentValue> = Object.fromEntries(
    entries.map(([name, arg]) => [name, arg.default]),
  );
  const words = argv.values();
  for (const word of words) {
    if (word === "--help" || word === "-h") return { kind: "help" };
    const found = /^(--[^=]*)(?:=(.*))?$/s.exec(word);
    if (found === null) return invalid("unexpected", word);
    const [, flag = "", attached] = found as readonly (string | undefined)[];
    let text = attached;
    let declared = byFlag.get(flag);
    if (declared === undefined && text === undefined) {
      const switched = byFlag.get(flag.replace("--no-", "--"));
      if (switched?.arg.type === "boolean") [declared, text] = [switched, "false"];
    }
    if (declared === undefined) return invalid("unknown", flag);
    const { name, arg } = declared;
    if (text === undefined && arg.type !== "boolean") {
      text = words.next().value;
      if (text === undefined || text.startsWith("--")) return invalid("no-value", flag);
    }
    values[name] = parseValue(arg, text ?? "true");
    if (values[name] === undefined) return invalid("bad-value", flag, text);
  }
  for (const [name, arg] of entries) {
    if (values[name] === undefined && arg.optional !== true) {
      return invalid("missing", flagOf(name));
    }
  }
  const wrong = wrongIn?.(values);
  if (wrong) return invalid("bad-value", flagOf(wrong), `${values[wrong]}`);
  return { kind: "values", values };
}

function invalid(problem: Misuse["problem"], word: string, text = ""): ParsedArguments {
  return { kind: "invalid", misuse: { problem, word, text } };
}

function parseValue(arg: Argument, text: string): ArgumentValue {
  switch (arg.type) {
    case "string":
      return text;
    case "boolean":
      return parseBoolean(text);
    case "choice":
      return arg.choices.includes(text) ? text : undefined;
    default: {
      const value = text.trim() === "" ? Number.NaN : Number(text);
      const whole = arg.type === "number" ? Number.isFinite(value) : Number.isSafeInteger(value);
      const inRange = value >= (arg.min ?? -Infinity) && value <= (arg.max ?? Infinity);
      return whole && inRange ? value : undefined;
    }
  }
}

function parseBoolean(text: string): boolean | undefined {
  if (text === "" || text === "true") return true;
  return text === "false" ? false : undefined;
}
