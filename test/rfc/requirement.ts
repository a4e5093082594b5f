/** What an RFC requires, and how we know that it is so. */

/** How a requirement is met, or why it is not. */
export type Standing =
  /** By a test of the RFC's own file, whose title begins with the requirement's number. */
  | { readonly kind: "met" }
  /** By a test of another file, whose title begins so. */
  | { readonly kind: "test"; readonly file: string; readonly title: string }
  /** By scripts of `test/packetdrill/scripts`, without `.pkt`. */
  | { readonly kind: "scripts"; readonly scripts: readonly string[] }
  /** It is about what a stack of our kind does not have. */
  | { readonly kind: "not applicable"; readonly reason: string }
  | { readonly kind: "open"; readonly reason: string };

/** How much is required; RFCs before RFC 2119 say it in other words. */
export type Level = "MUST" | "MUST NOT" | "SHOULD" | "SHOULD NOT" | "MAY";

/** What is required, how it stands, and how much it is required: a MUST, if nothing is said. */
export type Requirement = readonly [what: string, standing: Standing, level?: Level];

/** Requirements by their number, or by the section where there are no numbers. */
export type Requirements = Readonly<Record<string, Requirement>>;

/** The requirements of one RFC. */
export interface Document {
  readonly number: number;
  readonly title: string;
  readonly requirements: Requirements;
}

export const met: Standing = { kind: "met" };

export function test(file: string, title: string): Standing {
  return { kind: "test", file, title };
}

export function scripts(...names: readonly string[]): Standing {
  return { kind: "scripts", scripts: names };
}

export function notApplicable(reason: string): Standing {
  return { kind: "not applicable", reason };
}

export function open(reason: string): Standing {
  return { kind: "open", reason };
}

/** The file with the tests of an RFC. */
export function testFileOf({ number }: Document): string {
  return `test/rfc/rfc${number}.test.ts`;
}
