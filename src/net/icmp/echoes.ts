/** Echo requests of ours that wait for their replies. */

import { ProtocolError } from "../../devices/errors.ts";
import type { EchoReply, Random } from "../../devices/index.ts";
import { formatAddress, isOfMany } from "../address.ts";
import { isSameAddress } from "../prefix.ts";
import type { Timer, Timers } from "../timers.ts";

interface Echo {
  readonly destination: Uint8Array;
  readonly sentMs: number;
  readonly timer: Timer;
  readonly succeed: (reply: EchoReply) => void;
  readonly fail: (error: unknown) => void;
}

/** Where a reply comes from, and when it is too late. */
export interface EchoOptions {
  readonly destination: Uint8Array;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
  /** Sends the request; its identifier and its sequence number are in one word. */
  readonly send: (parameter: number) => void;
}

export class Echoes {
  readonly #timers: Timers;
  readonly #identifier: number;
  readonly #echoes = new Map<number, Echo>();
  #sequence = 0;

  constructor(timers: Timers, random: Random) {
    this.#timers = timers;
    this.#identifier = random.uint32() & 0xffff;
  }

  /** Sends a request and resolves to its reply. */
  start({ destination, timeoutMs, signal, send }: EchoOptions): Promise<EchoReply> {
    return new Promise((resolve, reject) => {
      signal?.throwIfAborted();
      this.#sequence = (this.#sequence + 1) & 0xffff;
      const parameter = ((this.#identifier << 16) | this.#sequence) >>> 0;
      const fail = (code: "no-buffer" | "timed-out", why: string): ProtocolError =>
        new ProtocolError(code, `Cannot ping ${formatAddress(destination)}: ${why}`);
      if (this.#echoes.has(parameter)) throw fail("no-buffer", "65,536 pings wait for replies");
      const abort = (): void => echo.fail(signal?.reason);
      const forget = (): void => {
        this.#echoes.delete(parameter);
        echo.timer.clear();
        signal?.removeEventListener("abort", abort);
      };
      const echo: Echo = {
        destination,
        sentMs: this.#timers.nowMs(),
        timer: this.#timers.timer(() =>
          echo.fail(fail("timed-out", `no reply in ${timeoutMs} ms`)),
        ),
        succeed: (reply) => {
          forget();
          resolve(reply);
        },
        fail: (error) => {
          forget();
          reject(error);
        },
      };
      this.#echoes.set(parameter, echo);
      echo.timer.set(echo.sentMs + timeoutMs);
      signal?.addEventListener("abort", abort);
      try {
        send(parameter);
      } catch (error) {
        echo.fail(error);
      }
    });
  }

  /** Takes a reply; returns whether a request waited for it. */
  receive(
    parameter: number,
    source: Uint8Array,
    payloadBytes: number,
    timeToLive: number,
  ): boolean {
    const echo = this.#echoes.get(parameter);
    if (echo === undefined) return false;
    // Of many hosts, each answers with its own address.
    const isFromWhoWasAsked = isSameAddress(source, echo.destination) || isOfMany(echo.destination);
    if (!isFromWhoWasAsked) return false;
    const roundTripMs = this.#timers.nowMs() - echo.sentMs;
    echo.succeed({ address: formatAddress(source), roundTripMs, payloadBytes, timeToLive });
    return true;
  }

  /** Fails the request that a router or host reported, if it is one of ours. */
  report(parameter: number, destination: Uint8Array, why: string): void {
    const echo = this.#echoes.get(parameter);
    if (echo === undefined || !isSameAddress(destination, echo.destination)) return;
    const message = `Cannot ping ${formatAddress(destination)}: ${why}`;
    echo.fail(new ProtocolError("unreachable", message));
  }

  /** Fails all. */
  clear(): void {
    for (const { fail } of this.#echoes.values()) {
      fail(new ProtocolError("closed", "Cannot wait for a reply: ICMP was disposed"));
    }
  }
}
