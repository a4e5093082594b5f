/** The cookies of one site, which its documents do not see (RFC 6265). */

/** A cookie, as it is kept. */
interface Cookie {
  readonly name: string;
  readonly value: string;
  /** The path, and what lies below it, that it is sent to. */
  readonly path: string;
  /** When it ends, wall time in milliseconds; without one it goes with the page. */
  readonly expiresMs: number | undefined;
}

const maxCookies = 180;
const maxCookieBytes = 4096;

/** Keeps the cookies of a site with one host, and gives back those for a path. */
export class CookieJar {
  readonly #now: () => number;
  /** By name and path; in the order they were made. */
  readonly #cookies = new Map<string, Cookie>();

  /** `now` is the wall time in milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Takes a `Set-Cookie` of an answer to a request for `target`. What is none is left out. */
  set(field: string, target: string): void {
    const cookie = parse(field, target, this.#now());
    if (cookie === undefined) return;
    const key = keyOf(cookie);
    const isOver = cookie.expiresMs !== undefined && cookie.expiresMs <= this.#now();
    if (isOver) return void this.#cookies.delete(key);
    this.#cookies.set(key, cookie);
    const [oldest] = this.#cookies.keys();
    if (this.#cookies.size > maxCookies && oldest !== undefined) this.#cookies.delete(oldest);
  }

  /** The `Cookie` of a request for `target`: longer paths first (5.4), or `undefined`. */
  fieldFor(target: string): string | undefined {
    const path = pathOf(target);
    for (const [key, { expiresMs }] of this.#cookies) {
      if (expiresMs !== undefined && expiresMs <= this.#now()) this.#cookies.delete(key);
    }
    const sent = [...this.#cookies.values()]
      .filter((cookie) => covers(cookie.path, path))
      .sort((a, b) => b.path.length - a.path.length);
    if (sent.length === 0) return undefined;
    return sent.map(({ name, value }) => (name === "" ? value : `${name}=${value}`)).join("; ");
  }
}

function keyOf({ name, path }: Cookie): string {
  return `${path} ${name}`;
}

/** RFC 6265, 5.2. Whoever the site is, it has one host: `Domain` and `Secure` change nothing. */
function parse(field: string, target: string, nowMs: number): Cookie | undefined {
  if (field.length > maxCookieBytes) return undefined;
  const [pair = "", ...attributes] = field.split(";");
  const [name, value] = splitAt(pair);
  if (value === undefined || name === "") return undefined;
  let path = defaultPath(target);
  let expiresMs: number | undefined;
  let hasMaxAge = false;
  for (const [attribute, text = ""] of attributes.map(splitAt)) {
    const key = attribute.toLowerCase();
    if (key === "path") path = text.startsWith("/") ? text : defaultPath(target);
    if (key === "max-age" && /^-?\d+$/.test(text)) {
      hasMaxAge = true;
      expiresMs = Number(text) <= 0 ? 0 : nowMs + Number(text) * 1000;
    }
    if (key === "expires" && !hasMaxAge && !Number.isNaN(Date.parse(text))) {
      expiresMs = Date.parse(text);
    }
  }
  return { name, value, path, expiresMs };
}

/** Before and after the first `=`, without the space around. */
function splitAt(text: string): readonly [string, string | undefined] {
  const at = text.indexOf("=");
  if (at < 0) return [text.trim(), undefined];
  return [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

function pathOf(target: string): string {
  return /^[^?#]*/.exec(target)?.[0] ?? "/";
}

/** RFC 6265, 5.1.4: the folder of the request. */
function defaultPath(target: string): string {
  const path = pathOf(target);
  const end = path.lastIndexOf("/");
  return end <= 0 ? "/" : path.slice(0, end);
}

/** RFC 6265, 5.1.4: the same path, or one below it. */
function covers(cookiePath: string, path: string): boolean {
  if (path === cookiePath) return true;
  return path.startsWith(cookiePath.endsWith("/") ? cookiePath : `${cookiePath}/`);
}
