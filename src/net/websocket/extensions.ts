/**
 * The header `Sec-WebSocket-Extensions` (RFC 6455, section 9.1), and what is agreed with it on
 * permessage-deflate (RFC 7692, section 7.1): each message is compressed for itself, both ways.
 */

import { isToken } from "../http/head-writer.ts";

/** An extension that is offered or accepted, with its parameters in their order. */
export interface Extension {
  readonly name: string;
  /** A parameter without a value has `""`. */
  readonly parameters: readonly (readonly [name: string, value: string])[];
}

const name = "permessage-deflate";
const serverNoContext = "server_no_context_takeover";
const clientNoContext = "client_no_context_takeover";
const serverWindow = "server_max_window_bits";
const clientWindow = "client_max_window_bits";

/** What a client offers. */
export const deflateOffer: string = `${name}; ${serverNoContext}; ${clientNoContext}`;

/** The most that is looked at: a header is not ours to be filled. */
const maxExtensionCount = 32;

/** Reads the header, or `undefined` if it is against the grammar. */
export function parseExtensions(header: string): readonly Extension[] | undefined {
  const elements = splitOutsideQuotes(header, ",").filter((element) => element !== "");
  if (elements.length > maxExtensionCount) return undefined;
  const extensions: Extension[] = [];
  for (const element of elements) {
    const [extensionName = "", ...rest] = splitOutsideQuotes(element, ";");
    const parameters = rest.map(parseParameter);
    if (!isToken(extensionName) || parameters.includes(undefined)) return undefined;
    extensions.push({
      name: extensionName,
      parameters: parameters.filter((parameter) => parameter !== undefined),
    });
  }
  return extensions;
}

function parseParameter(text: string): readonly [string, string] | undefined {
  const at = text.indexOf("=");
  if (at === -1) return isToken(text) ? [text, ""] : undefined;
  const key = text.slice(0, at).trim();
  const raw = text.slice(at + 1).trim();
  // What is quoted must be a token once the quotes are off (section 9.1).
  const value = /^".*"$/.test(raw) ? raw.slice(1, -1).replaceAll(/\\(.)/g, "$1") : raw;
  return isToken(key) && isToken(value) ? [key, value] : undefined;
}

function splitOutsideQuotes(text: string, separator: string): readonly string[] {
  const parts = [""];
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === '"') isQuoted = !isQuoted;
    if (character === separator && !isQuoted) {
      parts.push("");
      continue;
    }
    const escaped = isQuoted && character === "\\" ? text.charAt(++at) : "";
    parts[parts.length - 1] += character + escaped;
  }
  return parts.map((part) => part.trim());
}

/**
 * For a server: what it answers to the first of the offers that it can take, or `undefined`. The
 * platform's window is the largest there is, so that an offer that asks the server for a smaller
 * one is declined (RFC 7692, 7.1.2.1).
 */
export function answerToDeflate(offers: readonly Extension[]): string | undefined {
  for (const offer of offers) {
    const window = parametersOf(offer)?.get(serverWindow);
    if (parametersOf(offer) === undefined) continue;
    if (window === undefined) return deflateOffer;
    if (window === "15") return `${deflateOffer}; ${serverWindow}=${window}`;
  }
  return undefined;
}

/**
 * For a client that offered {@link deflateOffer}, or nothing: whether the server took it, or
 * `undefined` if it answered what was not offered, and the connection has to fail (RFC 7692, 7.1;
 * RFC 6455, 4.1).
 */
export function agreesOnDeflate(
  answers: readonly Extension[],
  isOffered: boolean,
): boolean | undefined {
  const [answer, ...more] = answers;
  if (answer === undefined) return false;
  const parameters = parametersOf(answer);
  if (parameters === undefined || more.length > 0 || !isOffered) return undefined;
  // Only a client that offered it may be told how large its window is.
  if (parameters.has(clientWindow)) return undefined;
  return parameters.has(serverNoContext) ? true : undefined;
}

/** The parameters of permessage-deflate, or `undefined` if they make no sense. */
function parametersOf(extension: Extension): ReadonlyMap<string, string> | undefined {
  const parameters = new Map(extension.parameters);
  const isOnce = parameters.size === extension.parameters.length;
  if (extension.name !== name || !isOnce) return undefined;
  return extension.parameters.every(isParameter) ? parameters : undefined;
}

function isParameter([key, value]: readonly [string, string]): boolean {
  if (key === serverNoContext || key === clientNoContext) return value === "";
  const isBits = /^(?:[89]|1[0-5])$/.test(value);
  if (key === serverWindow) return isBits;
  return key === clientWindow && (isBits || value === "");
}
