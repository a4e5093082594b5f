/** The notes of an account. Two clients that change the same one learn of each other: 412. */

import { unmetCondition } from "fata-morgana/net/http/conditions";
import type { Key } from "fata-morgana/devices";
import { authenticate, type Service } from "./accounts.ts";
import { readFields } from "./body.ts";
import { getJson, json, setJson } from "./json.ts";
import { Problem } from "./problem.ts";
import type { Call } from "./router.ts";

interface Note {
  readonly title: string;
  readonly text: string;
  /** Wall times in ISO 8601. */
  readonly created: string;
  readonly modified: string;
}

const fields = { title: { min: 1, max: 200 }, text: { min: 0, max: 20_000 } } as const;

const defaultLimit = 20;
const maxLimit = 100;

/** `GET /notes`: oldest first, a page of them. */
export async function listNotes(service: Service, { request, url }: Call): Promise<Response> {
  const { name } = await authenticate(service, request);
  const limit = limitFrom(url.searchParams.get("limit"));
  const cursor = cursorFrom(url.searchParams.get("cursor"));
  const key = ["accounts", name, "notes"];
  const ids = ((await service.store.list(key)) ?? []).map((entry) => entry.name);
  const first = ids.findIndex((id) => id > cursor);
  const shown = first < 0 ? [] : ids.slice(first, first + limit);
  const items = await Promise.all(shown.map((id) => readNote(service, [...key, id])));
  const last = shown.at(-1);
  const next = last !== undefined && last !== ids.at(-1) ? last : null;
  const link = `<?limit=${limit}&cursor=${next}>; rel="next"`;
  return json({ items, next }, { headers: next === null ? {} : { link } });
}

/** `POST /notes` */
export async function createNote(service: Service, { request }: Call): Promise<Response> {
  const { name } = await authenticate(service, request);
  const content = await readFields(request, fields);
  const { store, clock, turns } = service;
  const id = newId(service);
  const key = noteKey(name, id);
  return turns.take(name, async () => {
    // The account may have gone meanwhile; what is below it would make it exist again.
    await checkExists(service, ["accounts", name, "password"]);
    const now = new Date(clock.wallMs()).toISOString();
    await setJson(store, key, { ...content, created: now, modified: now });
    return show(service, key, 201, { location: `notes/${id}` });
  });
}

/** `GET /notes/{id}` */
export async function showNote(service: Service, call: Call): Promise<Response> {
  const key = await keyOf(service, call);
  const etag = await etagOf(service, key);
  const status = unmetCondition(call.request.headers, { ...validators, etag });
  if (status === 304) return new Response(null, { status, headers: { etag } });
  if (status === 412) throw new Problem(412, "The note is another than If-Match says");
  return show(service, key);
}

/** `PUT /notes/{id}` */
export async function replaceNote(service: Service, call: Call): Promise<Response> {
  const key = await keyOf(service, call);
  const content = await readFields(call.request, fields);
  return service.turns.take(key[1] ?? "", async () => {
    await checkMatch(service, call.request, key);
    const { created } = await readNote(service, key);
    const modified = new Date(service.clock.wallMs()).toISOString();
    await setJson(service.store, key, { ...content, created, modified });
    return show(service, key);
  });
}

/** `DELETE /notes/{id}` */
export async function deleteNote(service: Service, call: Call): Promise<Response> {
  const key = await keyOf(service, call);
  return service.turns.take(key[1] ?? "", async () => {
    await checkMatch(service, call.request, key);
    await service.store.remove(key);
    return new Response(null, { status: 204 });
  });
}

/** Only tags are compared: a time of change is whole seconds, in which there may be two. */
const validators = { lastModifiedMs: Number.POSITIVE_INFINITY, nowMs: 0 } as const;

function noteKey(account: string, id: string): Key {
  return ["accounts", account, "notes", id];
}

/** @throws {Problem} 401, 404 */
async function keyOf(service: Service, { request, parameters }: Call): Promise<Key> {
  const { name } = await authenticate(service, request);
  const { id = "" } = parameters;
  const key = noteKey(name, id);
  if (!isId(id)) throw missing();
  await checkExists(service, key);
  return key;
}

async function checkExists({ store }: Service, key: Key): Promise<void> {
  if ((await store.exists(key)) === undefined) throw missing();
}

/** @throws {Problem} 428, 412, and 404 if the note has gone meanwhile */
async function checkMatch(service: Service, request: Request, key: Key): Promise<void> {
  const ifMatch = request.headers.get("if-match");
  if (ifMatch === null) throw new Problem(428, "Say in If-Match which version of the note you saw");
  const etag = await etagOf(service, key);
  const headers = new Headers({ "if-match": ifMatch });
  if (unmetCondition(headers, { ...validators, etag }) === undefined) return;
  throw new Problem(412, "The note was changed meanwhile", { headers: { etag } });
}

/** The digest of what the store holds is an entity tag as good as any. */
async function etagOf({ store }: Service, key: Key): Promise<string> {
  const digest = await store.digest(key);
  if (digest === undefined) throw missing();
  return `"${Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")}"`;
}

async function show(
  service: Service,
  key: Key,
  status = 200,
  more: Record<string, string> = {},
): Promise<Response> {
  const { etag, ...note } = await readNote(service, key);
  return json(note, { status, headers: { etag, "cache-control": "private, no-cache", ...more } });
}

async function readNote(
  service: Service,
  key: Key,
): Promise<Note & { readonly id: string; readonly etag: string }> {
  // Both are of the same moment: each is of what was durable when it was called.
  const [note, etag] = await Promise.all([getJson<Note>(service.store, key), etagOf(service, key)]);
  if (note === undefined) throw missing();
  return { id: key.at(-1) ?? "", ...note, etag };
}

function missing(): Problem {
  return new Problem(404, "There is no such note");
}

function limitFrom(text: string | null): number {
  const limit = text === null ? defaultLimit : Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= maxLimit) return limit;
  throw new Problem(400, `limit must be a whole number from 1 to ${maxLimit}`);
}

function cursorFrom(text: string | null): string {
  if (text === null || isId(text)) return text ?? "";
  throw new Problem(400, "cursor must be what another page gave as next");
}

/** Ids are in the order in which notes were made, which is the order of the store's names. */
function newId({ clock, random }: Service): string {
  const time = clock.wallMs().toString(36).replace(/\..*/, "").padStart(9, "0");
  return `${time}-${random.uint32().toString(16).padStart(8, "0")}`;
}

function isId(text: string): boolean {
  return /^[0-9a-z]{9}-[0-9a-f]{8}$/.test(text);
}
