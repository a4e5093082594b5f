/**
 * Multicast listener discovery for a host that listens to all sources (RFC 3810), so that routers
 * and snooping switches send us the groups that we joined; and as RFC 2710 says while a router of
 * that version asks.
 */

import { keyOf, scopeOf, unspecified } from "../ipv6/address.ts";
import { allNodes, allReportReaders, allRouters } from "../ipv6/groups.ts";
import { seal } from "../ipv6/icmp-message.ts";
import { nextHeader } from "../ipv6/packet.ts";
import type { ControlLink } from "../ndp/link.ts";
import { isSameAddress } from "../prefix.ts";
import { soonMs } from "../random.ts";
import type { Timer } from "../timers.ts";
import {
  decodeQuery,
  encode,
  maxResponseMs,
  mldType,
  recordKind,
  type MldPacket,
  type MldQuery,
  type MldRecord,
} from "./packet.ts";

/** How often a change is reported (RFC 3810, 9.1), and within what time again (9.11). */
const robustness = 2;
const unsolicitedReportMs = 1000;

/** How long version 1 is spoken after its last query (9.12, with the defaults of RFC 3810). */
const version1Ms = 260_000;

/** Records in one report, which then fits any link. */
const maxRecords = 60;

/** Hop-by-hop options with a router alert for MLD (RFC 2711): they come before each message. */
const routerAlert = Uint8Array.of(nextHeader.icmp, 0, 5, 2, 0, 0, 1, 0);

interface Membership {
  readonly group: Uint8Array;
  /** How many joined it. */
  users: number;
}

interface Change extends MldRecord {
  /** How often it is still to be reported. */
  left: number;
}

export class Mld {
  readonly #link: ControlLink;
  readonly #source: () => Uint8Array;
  readonly #memberships = new Map<string, Membership>();
  readonly #changes = new Map<string, Change>();
  readonly #changeTimer: Timer;
  /** Keys of groups that a query wants to hear of. */
  readonly #asked = new Set<string>();
  readonly #answerTimer: Timer;
  #version1UntilMs = -Infinity;

  /** `source` gives our link-local address, or the unspecified one (RFC 3590). */
  constructor(link: ControlLink, source: () => Uint8Array) {
    this.#link = link;
    this.#source = source;
    this.#changeTimer = link.timers.timer(() => this.#reportChanges());
    this.#answerTimer = link.timers.timer(() => this.#answer());
  }

  /** Whether we listen to a group. */
  has(group: Uint8Array): boolean {
    return isSameAddress(group, allNodes) || this.#memberships.has(keyOf(group));
  }

  /** Joins a group (copied). Returns the function that leaves it. */
  join(group: Uint8Array): () => void {
    const key = keyOf(group);
    const membership = this.#memberships.get(key) ?? { group: group.slice(), users: 0 };
    membership.users += 1;
    if (membership.users === 1) {
      this.#memberships.set(key, membership);
      this.#change(recordKind.toExclude, membership.group);
    }
    let hasLeft = false;
    return () => {
      if (hasLeft) return;
      hasLeft = true;
      membership.users -= 1;
      if (membership.users > 0 || !this.#memberships.delete(key)) return;
      this.#change(recordKind.toInclude, membership.group);
    };
  }

  /**
   * Takes in a message whose checksum and hop limit are right; false if it is malformed. What other
   * hosts report says nothing to us.
   */
  receive(message: Uint8Array): boolean {
    if (message[0] !== mldType.query) return true;
    const query = decodeQuery(message);
    if (query !== undefined) this.#hearQuery(query);
    return query !== undefined;
  }

  /** Forgets everything; nothing more is sent. */
  clear(): void {
    this.#memberships.clear();
    this.#changeTimer.clear();
    this.#answerTimer.clear();
  }

  #change(kind: number, group: Uint8Array): void {
    if (!isReported(group)) return;
    const change = { kind, group, left: robustness - 1 };
    this.#changes.set(keyOf(group), change);
    this.#report([change]);
    this.#changeTimer.set(soonMs(this.#link, unsolicitedReportMs));
  }

  #reportChanges(): void {
    this.#report([...this.#changes.values()]);
    for (const [key, change] of this.#changes) {
      change.left -= 1;
      if (change.left === 0) this.#changes.delete(key);
    }
    if (this.#changes.size > 0) this.#changeTimer.set(soonMs(this.#link, unsolicitedReportMs));
  }

  #hearQuery(query: MldQuery): void {
    const isGeneral = isSameAddress(query.group, unspecified);
    for (const [key, { group }] of this.#memberships) {
      if (isReported(group) && (isGeneral || isSameAddress(group, query.group))) {
        this.#asked.add(key);
      }
    }
    if (query.version === 1) this.#version1UntilMs = this.#link.timers.nowMs() + version1Ms;
    if (this.#asked.size === 0) return;
    const withinMs =
      query.version === 1 ? query.maxResponseCode : maxResponseMs(query.maxResponseCode);
    const deadlineMs = soonMs(this.#link, withinMs);
    this.#answerTimer.set(Math.min(this.#answerTimer.deadlineMs, deadlineMs));
  }

  #answer(): void {
    const records: MldRecord[] = [];
    for (const key of this.#asked) {
      const membership = this.#memberships.get(key);
      if (membership) records.push({ kind: recordKind.isExclude, group: membership.group });
    }
    this.#asked.clear();
    this.#report(records);
  }

  #report(records: readonly MldRecord[]): void {
    if (this.#link.timers.nowMs() < this.#version1UntilMs) {
      for (const { kind, group } of records) {
        if (kind === recordKind.toInclude) this.#send({ type: mldType.done, group }, allRouters);
        else this.#send({ type: mldType.report1, group }, group);
      }
      return;
    }
    for (let at = 0; at < records.length; at += maxRecords) {
      const some = records.slice(at, at + maxRecords);
      this.#send({ type: mldType.report2, records: some }, allReportReaders);
    }
  }

  #send(packet: MldPacket, destination: Uint8Array): void {
    const recordCount = packet.type === mldType.report2 ? packet.records.length : 0;
    const room = new Uint8Array(routerAlert.length + 28 + 20 * recordCount);
    room.set(routerAlert);
    const length = encode(packet, room.subarray(routerAlert.length));
    const payload = room.subarray(0, routerAlert.length + length);
    const source = this.#source();
    seal(payload.subarray(routerAlert.length), source, destination);
    this.#link.send({ source, destination, nextHeader: nextHeader.hopByHop, hopLimit: 1, payload });
  }
}

/** All nodes, and groups that reach no further than this node, are not reported (RFC 3810, 6). */
function isReported(group: Uint8Array): boolean {
  return scopeOf(group) > 1 && !isSameAddress(group, allNodes);
}
