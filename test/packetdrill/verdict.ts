/** What became of a script. */
export type Verdict =
  /** What it says of the platform alone, and was not looked at, is listed. */
  | { readonly kind: "pass"; readonly unchecked: readonly string[] }
  | {
      readonly kind: "fail";
      readonly line: number;
      readonly expected: string;
      readonly got: string;
    }
  | { readonly kind: "unsupported"; readonly reason: string };

/** A script asks for something that cannot be asked of the stack. The message says what. */
export class Unsupported extends Error {
  override readonly name = "Unsupported";
}

/** The stack did something else than the script says. */
export class Mismatch extends Error {
  override readonly name = "Mismatch";
  readonly expected: string;
  readonly got: string;

  constructor(expected: string, got: string) {
    super(`expected ${expected}, got ${got}`);
    this.expected = expected;
    this.got = got;
  }
}
