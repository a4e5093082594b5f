/** Accounts, and the tokens that stand for whoever logged in. */

import type { Clock, KeyValue, Random } from "fata-morgana/devices";
import { readFields } from "./body.ts";
import { getJson, json, setJson } from "./json.ts";
import { hashPassword, hashSecret, isPassword, newSecret, type PasswordHash } from "./passwords.ts";
import { Problem } from "./problem.ts";
import type { Call } from "./router.ts";
import type { Turns } from "./turns.ts";

/** What the service stands on. */
export interface Service {
  readonly store: KeyValue;
  readonly clock: Clock;
  readonly random: Random;
  /** See {@link PasswordHash.cost}. */
  readonly passwordCost: number;
  /** One at a time for each account. */
  readonly turns: Turns;
  /** Wrong passwords of the last minute, by account. */
  readonly failures: Map<string, { count: number; readonly sinceMs: number }>;
}

interface Token {
  readonly expiresMs: number;
}

const credentials = {
  name: {
    min: 3,
    max: 32,
    pattern: /^[a-z0-9][a-z0-9_-]*$/,
    rule: "be of a-z, 0-9, - and _, and begin with a letter or digit",
  },
  password: { min: 10, max: 256 },
} as const;

const tokenLifeMs = 30 * 24 * 60 * 60 * 1000;
const maxTokens = 20;

const failureWindowMs = 60_000;
const maxFailures = 5;
const maxFailingNames = 1000;

/** `POST /accounts` */
export async function register(service: Service, { request }: Call): Promise<Response> {
  const { name, password } = await readFields(request, credentials);
  const { store, random, passwordCost, turns } = service;
  await turns.take(name, async () => {
    if ((await store.exists(["accounts", name])) !== undefined) {
      throw new Problem(409, `There is an account named ${name} already`);
    }
    const hash = hashPassword(password, passwordCost, random);
    await setJson(store, ["accounts", name, "password"], hash);
  });
  return json({ name }, { status: 201, headers: { location: `accounts/${name}` } });
}

/** `GET /accounts/{name}` */
export async function showAccount(service: Service, call: Call): Promise<Response> {
  const name = await ownAccount(service, call);
  const notes = await service.store.list(["accounts", name, "notes"]);
  return json({ name, noteCount: notes?.length ?? 0 });
}

/** `DELETE /accounts/{name}`: everything of it is gone at once. */
export async function deleteAccount(service: Service, call: Call): Promise<Response> {
  const name = await ownAccount(service, call);
  await service.turns.take(name, () => service.store.remove(["accounts", name]));
  return new Response(null, { status: 204 });
}

/** `POST /tokens`: logs in. */
export async function logIn(service: Service, { request }: Call): Promise<Response> {
  const { name, password } = await readFields(request, {
    name: { min: 1, max: 256 },
    password: { min: 1, max: 256 },
  });
  const { store, clock, random, passwordCost, turns } = service;
  checkFailures(service, name);
  const isName = credentials.name.pattern.test(name);
  const known = isName
    ? await getJson<PasswordHash>(store, ["accounts", name, "password"])
    : undefined;
  if (!isPassword(password, known, passwordCost) || known === undefined) {
    countFailure(service, name);
    throw unauthorized("There is no account with this name and password");
  }
  const secret = newSecret(random);
  const expiresMs = clock.wallMs() + tokenLifeMs;
  await turns.take(name, async () => {
    // It may have been deleted meanwhile; what is below it would make it exist again.
    const isThere = (await store.exists(["accounts", name, "password"])) !== undefined;
    if (!isThere) throw unauthorized("There is no account with this name and password");
    await forgetTokens(service, name);
    await setJson(store, ["accounts", name, "tokens", hashSecret(secret)], { expiresMs });
  });
  const expires = new Date(expiresMs).toISOString();
  const headers = { "cache-control": "no-store" };
  return json({ token: `${name}.${secret}`, name, expires }, { status: 201, headers });
}

/** `DELETE /tokens/current`: logs out. */
export async function logOut(service: Service, { request }: Call): Promise<Response> {
  const { name, hash } = await authenticate(service, request);
  await service.store.remove(["accounts", name, "tokens", hash]);
  return new Response(null, { status: 204 });
}

/**
 * Tells whose token a request has.
 *
 * @throws {Problem} 401
 */
export async function authenticate(
  { store, clock }: Service,
  request: Request,
): Promise<{ readonly name: string; readonly hash: string }> {
  const credential = /^bearer +([a-z0-9_-]{1,32})\.([0-9a-f]{64})$/i.exec(
    request.headers.get("authorization") ?? "",
  );
  const [, name, secret] = credential ?? [];
  if (name === undefined || secret === undefined) throw unauthorized("Log in first: POST /tokens");
  const hash = hashSecret(secret);
  const token = await getJson<Token>(store, ["accounts", name, "tokens", hash]);
  if (token === undefined || token.expiresMs <= clock.wallMs()) {
    throw unauthorized("The token is not valid, or not any more", ', error="invalid_token"');
  }
  return { name, hash };
}

/** @throws {Problem} 401, or 403 if it is somebody else's */
async function ownAccount(service: Service, { request, parameters }: Call): Promise<string> {
  const { name } = await authenticate(service, request);
  if (name !== parameters["name"]) throw new Problem(403, "This is somebody else's account");
  return name;
}

function unauthorized(detail: string, more = ""): Problem {
  const headers = { "www-authenticate": `Bearer realm="notes"${more}` };
  return new Problem(401, detail, { headers });
}

/** Forgets tokens that are no longer valid, and the one that ends first if there are too many. */
async function forgetTokens({ store, clock }: Service, account: string): Promise<void> {
  const key = ["accounts", account, "tokens"];
  const tokens: { readonly hash: string; readonly expiresMs: number }[] = [];
  for (const { name: hash } of (await store.list(key)) ?? []) {
    const { expiresMs = 0 } = (await getJson<Token>(store, [...key, hash])) ?? {};
    tokens.push({ hash, expiresMs });
  }
  tokens.sort((one, other) => other.expiresMs - one.expiresMs);
  for (const [index, { hash, expiresMs }] of tokens.entries()) {
    const isUseless = expiresMs <= clock.wallMs() || index >= maxTokens - 1;
    if (isUseless) await store.remove([...key, hash]);
  }
}

function checkFailures({ failures, clock }: Service, name: string): void {
  const { count = 0, sinceMs = 0 } = failures.get(name) ?? {};
  const leftMs = sinceMs + failureWindowMs - clock.monotonicMs();
  if (count < maxFailures || leftMs <= 0) return;
  const headers = { "retry-after": `${Math.ceil(leftMs / 1000)}` };
  throw new Problem(429, "Too many wrong passwords for this name", { headers });
}

function countFailure({ failures, clock }: Service, name: string): void {
  const nowMs = clock.monotonicMs();
  const known = failures.get(name);
  if (known !== undefined && nowMs - known.sinceMs < failureWindowMs) {
    known.count += 1;
    return;
  }
  // Whoever tries so many names must not fill the memory.
  if (failures.size >= maxFailingNames) failures.clear();
  failures.set(name, { count: 1, sinceMs: nowMs });
}
