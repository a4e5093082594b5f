/** Bodies of requests: JSON of a bounded size, whose members are what they must be. */

import { Problem, type FieldError } from "./problem.ts";

/** The largest body that is read, in bytes. */
export const maxBodyBytes = 65_536;

/** What a member must be: text of so many characters. */
export interface TextField {
  readonly min: number;
  readonly max: number;
  readonly pattern?: RegExp;
  /** What the pattern means, after "must". */
  readonly rule?: string;
}

/**
 * Reads a JSON object with exactly these members, all of them text.
 *
 * @throws {Problem} 415, 413, 400, or 422 that says what is wrong with each member
 */
export async function readFields<Name extends string>(
  request: Request,
  fields: Readonly<Record<Name, TextField>>,
): Promise<Record<Name, string>> {
  const value = await readJson(request);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw invalid([{ pointer: "", detail: "must be an object" }]);
  }
  const members = new Map<string, unknown>(Object.entries(value));
  const entries = Object.entries<TextField>(fields);
  const errors = entries.flatMap(([name, field]) => errorsOf(name, members.get(name), field));
  for (const name of members.keys()) {
    if (!Object.hasOwn(fields, name))
      errors.push({ pointer: pointerTo(name), detail: "is unknown" });
  }
  if (errors.length > 0) throw invalid(errors);
  return Object.fromEntries(entries.map(([name]) => [name, members.get(name)])) as Record<
    Name,
    string
  >;
}

async function readJson(request: Request): Promise<unknown> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) {
    const headers = { accept: "application/json" };
    throw new Problem(415, "The body must be application/json", { headers });
  }
  const bytes = await readBytes(request);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new Problem(400, "The body is not JSON in UTF-8");
  }
}

async function readBytes(request: Request): Promise<Uint8Array> {
  const tooLarge = new Problem(413, `The body has more than ${maxBodyBytes} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBodyBytes) throw tooLarge;
  const chunks: Uint8Array[] = [];
  let byteCount = 0;
  for await (const chunk of request.body ?? []) {
    chunks.push(chunk);
    byteCount += chunk.length;
    // One that has no length may have any.
    if (byteCount > maxBodyBytes) throw tooLarge;
  }
  const bytes = new Uint8Array(byteCount);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

function errorsOf(name: string, value: unknown, field: TextField): FieldError[] {
  const { min, max, pattern, rule } = field;
  const error = (detail: string): FieldError[] => [{ pointer: pointerTo(name), detail }];
  if (value === undefined) return error("is missing");
  if (typeof value !== "string") return error("must be text");
  if (value.length < min || value.length > max)
    return error(`must have ${min} to ${max} characters`);
  if (pattern !== undefined && !pattern.test(value)) return error(`must ${rule ?? "match"}`);
  return [];
}

function pointerTo(name: string): string {
  return `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

function invalid(errors: readonly FieldError[]): Problem {
  return new Problem(422, "The body is not what it must be", { errors });
}
