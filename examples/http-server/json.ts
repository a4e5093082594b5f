import type { Key, KeyValue } from "fata-morgana/devices";

/** Answers with JSON. */
export function json(
  value: unknown,
  { status = 200, headers = {} }: { status?: number; headers?: Record<string, string> } = {},
): Response {
  const all = { "content-type": "application/json", ...headers };
  return new Response(JSON.stringify(value), { status, headers: all });
}

/** Reads what {@link setJson} wrote, or `undefined`. */
export async function getJson<T>(store: KeyValue, key: Key): Promise<T | undefined> {
  const bytes = await store.get(key);
  return bytes && (JSON.parse(new TextDecoder().decode(bytes)) as T);
}

/** Keeps a value as JSON: durable when it resolves. */
export async function setJson(store: KeyValue, key: Key, value: unknown): Promise<void> {
  await store.set(key, new TextEncoder().encode(JSON.stringify(value)));
}
