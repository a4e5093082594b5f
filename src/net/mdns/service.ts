/** Services by multicast: their names, and what is said of them (RFC 6763). */

import {
  below,
  labelBytes,
  labelOf,
  labelsOf,
  parseName,
  wireBytes,
  writeName,
} from "../dns/domain.ts";
import { setWord, word } from "../words.ts";

/** The domain of the link. */
export const domain = "local";

/** Where all types of services are listed (RFC 6763, 9). */
export const typesName: string = below("_services._dns-sd._udp", domain);

/** What is said of a service, by key; a key that has no value is `true` (RFC 6763, 6). */
export type ServiceTexts = Readonly<Record<string, string | true>>;

/** A service that somebody offers on the link. */
export interface Service {
  /** What people call it, in any characters: 63 bytes in UTF-8 at most. */
  readonly name: string;
  /** Protocols, such as `_http._tcp`. */
  readonly type: string;
  readonly port: number;
  readonly texts?: ServiceTexts;
  /** Finer types that it is found by, too, such as `_printer` (RFC 6763, 7.1). */
  readonly subtypes?: readonly string[];
}

/** A service that was found, and where it is. */
export interface FoundService extends Service {
  readonly texts: ServiceTexts;
  /** The name of its host, such as `host.local`. */
  readonly host: string;
  /** Addresses of the host as text, at least one. */
  readonly addresses: readonly string[];
}

/** The name of all services of a type. @throws {TypeError} if it is no type */
export function typeName(type: string): string {
  const isType = /^(?:_[\w-]{1,62}\._sub\.)?_[\w-]{1,62}\._(?:tcp|udp)$/i.test(type);
  if (isType) return below(type, domain);
  throw new TypeError(`Cannot use ${JSON.stringify(type)}: it is not such as _http._tcp`);
}

/** The name of one service. @throws {TypeError} if it has no name, or one that is too long */
export function instanceName(name: string, type: string): string {
  const bytes = new TextEncoder().encode(name);
  if (bytes.length > 0 && bytes.length <= 63) return below(labelOf(bytes), typeName(type));
  throw new TypeError(`Cannot use ${JSON.stringify(name)}: a name has 1 to 63 bytes`);
}

/** What people call a service of this name. */
export function titleOf(instance: string): string {
  return new TextDecoder().decode(labelBytes(labelsOf(instance)[0] ?? ""));
}

/** The name of a host, from its first label. @throws {TypeError} if it is none */
export function hostName(label: string): string {
  if (/^[\da-z](?:[\da-z-]{0,61}[\da-z])?$/i.test(label)) return below(label, domain);
  throw new TypeError(`Cannot use ${JSON.stringify(label)}: it is not the name of a host`);
}

/** Another title, where somebody has this one: `Printer (2)` after `Printer`. */
export function nextTitle(title: string): string {
  const [, start = title, count = "1"] = /^(.*) \((\d{1,6})\)$/s.exec(title) ?? [];
  const end = ` (${Number(count) + 1})`;
  return `${cut(start, 63 - end.length)}${end}`;
}

/** Another first label of a host, where somebody has this one: `host-2` after `host`. */
export function nextHost(label: string): string {
  const [, start = label, count = "1"] = /^(.*)-(\d{1,6})$/.exec(label) ?? [];
  const end = `-${Number(count) + 1}`;
  return `${start.slice(0, 63 - end.length)}${end}`;
}

/** As many characters as have so many bytes. */
function cut(text: string, bytes: number): string {
  let short = text;
  while (new TextEncoder().encode(short).length > bytes) short = [...short].slice(0, -1).join("");
  return short;
}

/** The data of a TXT record (RFC 6763, 6). @throws {TypeError} if a text is too long or no key */
export function encodeTexts(texts: ServiceTexts): Uint8Array {
  const data: number[] = [];
  for (const [key, value] of Object.entries(texts)) {
    const bytes = new TextEncoder().encode(value === true ? key : `${key}=${value}`);
    if (!/^[ -<>-~]+$/.test(key) || bytes.length > 255) {
      throw new TypeError(`Cannot say ${JSON.stringify(key)}: it is no key, or has over 255 bytes`);
    }
    data.push(bytes.length, ...bytes);
  }
  return Uint8Array.from(data.length === 0 ? [0] : data);
}

/** Reads the data of a TXT record; of a key that comes twice, the first counts. */
export function decodeTexts(data: Uint8Array): ServiceTexts {
  const texts = new Map<string, string | true>();
  for (let at = 0; at < data.length;) {
    const end = at + 1 + (data[at] ?? 0);
    const text = new TextDecoder().decode(data.subarray(at + 1, end));
    const [, key = "", value] = /^([^=]+)(?:=(.*))?$/s.exec(text) ?? [];
    if (key !== "" && !texts.has(key)) texts.set(key, value ?? true);
    at = end;
  }
  return Object.fromEntries(texts);
}

/** The data of an SRV record without priorities. */
export function encodePlace(port: number, host: string): Uint8Array {
  const data = new Uint8Array(6 + wireBytes(host));
  setWord(data, 4, port);
  writeName(host, data, 6);
  return data;
}

/** The port of an SRV record. */
export function portOf(data: Uint8Array): number {
  return word(data, 4);
}

/** Data that is a name. */
export function encodeTarget(name: string): Uint8Array {
  const data = new Uint8Array(wireBytes(name));
  writeName(name, data, 0);
  return data;
}

/** Reads the name of a host as people write it. @throws {TypeError} if it is not of the link */
export function nameOfLink(text: string): string {
  const named = parseName(text.endsWith(".") ? text : `${text}.`, "");
  if ("name" in named && /\.local$/i.test(named.name)) return named.name;
  throw new TypeError(`Cannot find ${JSON.stringify(text)}: it is no name of the link`);
}
