/** Carries a browser's requests to the HTTP server of a unikernel, and its answers back. */

import { FlowError, HttpError, ProtocolError, ResolverError } from "../devices/errors.ts";
import type { HttpClient } from "../devices/index.ts";
import type { CookieJar } from "./cookie-jar.ts";
import { forwardedRequest } from "../net/http/forwarded-request.ts";
import { failurePage } from "./failure-page.ts";
import { requestFields, responseFields, type SiteAddresses } from "./fields.ts";
import {
  type HeaderField,
  type RequestHead,
  type ResponseHead,
  wholeBodyBytes,
} from "./protocol.ts";

/** How long a server may be booting before that is told to the browser. */
const patienceMs = 5_000;
const retryMs = 50;

/** What a gateway stands on. */
export interface SiteGatewayOptions {
  readonly client: HttpClient;
  readonly cookies: CookieJar;
  /**
   * Resolves to the server's origin, `http://10.0.0.1:8080`, and is asked again after a failure.
   *
   * @throws {ProtocolError} if there is none
   */
  readonly find: () => Promise<string>;
  /** Whether the scripts of the site may run: they are of the page's origin. */
  readonly allowsScripts: boolean;
  readonly sleep: (ms: number) => Promise<void>;
  readonly nowMs: () => number;
}

/** An answer of the server, or the gateway's own. */
export interface GatewayAnswer {
  readonly head: ResponseHead;
  readonly body: ReadableStream<Uint8Array> | Uint8Array | undefined;
}

/** See above; keeps cookies from one request to the next. */
export class SiteGateway {
  /** Whether the scripts of the site may run, from the next answer on. */
  allowsScripts: boolean;
  readonly #options: SiteGatewayOptions;
  #origin: string | undefined;

  constructor(options: SiteGatewayOptions) {
    this.#options = options;
    this.allowsScripts = options.allowsScripts;
  }

  /**
   * Resolves to what the server answers, or to a page that says why it does not.
   *
   * @throws the signal's reason, when it aborts before
   */
  async answer(
    head: RequestHead,
    body: ReadableStream<Uint8Array> | Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<GatewayAnswer> {
    const deadlineMs = this.#options.nowMs() + patienceMs;
    for (;;) {
      try {
        return await this.#ask(head, body, signal);
      } catch (error) {
        signal.throwIfAborted();
        this.#origin = undefined;
        const isOver = this.#options.nowMs() >= deadlineMs || body instanceof ReadableStream;
        if (isOver || !mayBeBooting(error)) return failure(error);
      }
      await this.#options.sleep(retryMs);
    }
  }

  async #ask(
    head: RequestHead,
    body: ReadableStream<Uint8Array> | Uint8Array | undefined,
    signal: AbortSignal,
  ): Promise<GatewayAnswer> {
    const { client, cookies } = this.#options;
    const { method, target, root } = head;
    const origin = (this.#origin ??= await this.#options.find());
    const site: SiteAddresses = { root, origin };
    const cookie = isFromElsewhere(head) ? undefined : cookies.fieldFor(target);
    const fields = requestFields(head, site, cookie);
    const response = await client.fetch(
      forwardedRequest({ method, url: `${origin}${target}`, headers: fields, body, signal }),
    );
    for (const cookie of response.headers.getSetCookie()) cookies.set(cookie, target);
    const passed = [...responseFields(response.headers, target, site)];
    if (!this.allowsScripts) passed.push(["content-security-policy", policyOf(root)]);
    return {
      head: { status: response.status, statusText: response.statusText, headers: passed },
      body: await bodyOf(response),
    };
  }
}

/**
 * What documents may do that must not act for the page's origin: run no scripts, and neither send
 * forms to nor frame what lies beside the site, where the browser would add the origin's cookies.
 */
function policyOf(root: string): string {
  // These would end a source, or the policy.
  const place = root.replaceAll(";", "%3B").replaceAll(",", "%2C");
  return [
    "script-src 'none'",
    ...["form-action", "frame-src", "object-src"].map((name) => `${name} ${place}`),
  ].join("; ");
}

/** Whether a form of another site sends this: it must not act for who is logged in here. */
function isFromElsewhere({ headers, root }: RequestHead): boolean {
  const origin = headers.find(([name]) => name.toLowerCase() === "origin")?.[1];
  return origin !== undefined && origin !== new URL(root).origin;
}

/** The body, in one piece where it is known to be small. */
async function bodyOf(
  response: Response,
): Promise<ReadableStream<Uint8Array> | Uint8Array | undefined> {
  const length = Number(response.headers.get("content-length") ?? Number.NaN);
  if (length <= wholeBodyBytes) return new Uint8Array(await response.arrayBuffer());
  return response.body ?? undefined;
}

/** Whether nobody has taken the request: the server may only not be there yet. */
function mayBeBooting(error: unknown): boolean {
  if (error instanceof ProtocolError) return error.code !== "closed";
  return error instanceof HttpError && error.code === "connection-failed";
}

/** The gateway's own answer where the server gives none. */
function failure(error: unknown): GatewayAnswer {
  const [status, title] = kindOf(error);
  const reason = error instanceof Error ? error.message : String(error);
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause.message : "";
  const text = cause !== "" && !reason.includes(cause) ? `${reason}: ${cause}` : reason;
  const headers: HeaderField[] = [
    ["content-type", "text/html; charset=utf-8"],
    ["cache-control", "no-store"],
  ];
  return {
    head: { status, statusText: "", headers },
    body: new TextEncoder().encode(failurePage(title, `${text}.`)),
  };
}

function kindOf(error: unknown): readonly [number, string] {
  const cause = error instanceof HttpError && error.cause !== undefined ? error.cause : error;
  if (cause instanceof ProtocolError && cause.code === "refused") {
    return [502, "The unikernel does not serve this site"];
  }
  const hasCode =
    cause instanceof ProtocolError || cause instanceof HttpError || cause instanceof FlowError;
  if (hasCode && ["timed-out", "unreachable"].includes(cause.code))
    return [504, "The unikernel does not answer"];
  if (cause instanceof ResolverError) return [502, "The unikernel cannot be found"];
  return [502, "The unikernel's answer cannot be used"];
}
