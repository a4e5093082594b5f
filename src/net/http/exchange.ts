import { HttpError } from "../../devices/errors.ts";
import type { Endpoint, Flow, HttpConnection, TcpFlow } from "../../devices/index.ts";
import type { BodyReader } from "./body.ts";
import type { RequestHead } from "./head.ts";
import type { RequestSource } from "./request.ts";
import { urlOf } from "./target.ts";

/** What an exchange needs of its connection. */
export interface ExchangeOwner {
  readonly flow: TcpFlow;
  /** Answers 101 with these fields, and gives the connection away. */
  upgrade(fields: Headers): Promise<Flow>;
}

/** A request that is being answered, as its handler sees it beside the request. */
export class Exchange implements HttpConnection, RequestSource {
  readonly head: RequestHead;
  /** Whether the handler has asked for the body. */
  isBodyWanted = false;
  /** Whether the connection was given away. */
  isUpgraded = false;
  /** Whether it is over: answered, or failed. */
  isOver = false;
  /** Is called when it fails. */
  failed: ((reason: unknown) => void) | undefined;
  readonly #owner: ExchangeOwner;
  readonly #origin: string;
  readonly #body: BodyReader;
  #controller: AbortController | undefined;
  #gone: { readonly reason: unknown } | undefined;

  constructor(owner: ExchangeOwner, head: RequestHead, origin: string, body: BodyReader) {
    this.#owner = owner;
    this.head = head;
    this.#origin = origin;
    this.#body = body;
  }

  get body(): BodyReader {
    this.isBodyWanted = true;
    return this.#body;
  }

  get url(): string {
    return urlOf(this.#origin, this.head.target);
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#gone !== undefined) this.#controller.abort(this.#gone.reason);
    }
    return this.#controller.signal;
  }

  get local(): Endpoint {
    return this.#owner.flow.local;
  }

  get remote(): Endpoint {
    return this.#owner.flow.remote;
  }

  get httpVersion(): "1.0" | "1.1" {
    return this.head.minorVersion === 0 ? "1.0" : "1.1";
  }

  async upgrade(headers: Headers): Promise<Flow> {
    const cannot = "Cannot upgrade the connection";
    if (this.isOver || this.isUpgraded) {
      throw new HttpError("closed", `${cannot}: the request was answered`);
    }
    if (!asksForUpgrade(this.head)) {
      throw new HttpError("malformed", `${cannot}: the request does not ask for it`);
    }
    if (!this.#body.isEnded) {
      // It would be taken for the first bytes of the other protocol.
      throw new HttpError("malformed", `${cannot}: the body of the request was not read`);
    }
    this.isUpgraded = true;
    return this.#owner.upgrade(headers);
  }

  /** The connection has failed: there will be no answer. */
  fail(reason: unknown): void {
    if (this.isOver) return;
    this.isOver = true;
    this.leave(reason);
    this.failed?.(reason);
  }

  /**
   * The client seems to have gone: whoever listens to the signal hears it. One that has only ended
   * its side still gets its answer.
   */
  leave(reason: unknown): void {
    if (this.#gone !== undefined) return;
    this.#gone = { reason };
    this.#controller?.abort(reason);
  }
}

/** Whether a request asks to speak another protocol (RFC 9110, 7.8). */
function asksForUpgrade({ minorVersion, fields }: RequestHead): boolean {
  if (minorVersion === 0 || fields.countOf("upgrade") === 0) return false;
  return hasOption(fields.get("connection"), "upgrade");
}

/** Whether a list of tokens, such as `Connection` has, names one that is given in lower case. */
export function hasOption(list: string | undefined, option: string): boolean {
  if (list === undefined) return false;
  return list.split(",").some((each) => each.trim().toLowerCase() === option);
}
