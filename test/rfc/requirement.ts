/** What an RFC requires, and how we know that it is so. */

/** How a requirement is met, or why it is not. */
export type Standing =
  /** By scripts of `test/packetdrill/scripts`, without `.pkt`. */
  | { readonly kind: "scripts"; readonly scripts: readonly string[] }
  /** By a test of a file, whose title begins so. */
  | { readonly kind: "test"; readonly file: string; readonly title: string }
  /** It is about what a stack of our kind does not have. */
  | { readonly kind: "not applicable"; readonly reason: string }
  | { readonly kind: "open"; readonly reason: string };

/** Requirements by their number, or by the section where there are no numbers. */
export type Requirements = Readonly<Record<string, readonly [what: string, Standing]>>;

export function scripts(...names: readonly string[]): Standing {
  return { kind: "scripts", scripts: names };
}

export function test(file: string, title: string): Standing {
  return { kind: "test", file, title };
}

export function notApplicable(reason: string): Standing {
  return { kind: "not applicable", reason };
}

export function open(reason: string): Standing {
  return { kind: "open", reason };
}
