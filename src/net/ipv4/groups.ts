/**
 * The groups that we are members of, told to routers and snooping switches. A report is about one
 * group, has no sources, and is sent twice, since nobody acknowledges it (RFC 3376, 5.1).
 */

import type { FrameWriter, Random, ReceivedPacket } from "../../devices/index.ts";
import { soonMs } from "../random.ts";
import type { Timer, Timers } from "../timers.ts";
import { toNumber } from "./address.ts";
import {
  decodeQuery,
  encodeReport,
  isIntact,
  recordType,
  type RecordType,
  reportBytes,
} from "./igmp.ts";

/** What {@link Groups} stand on. */
export interface GroupsOptions {
  readonly timers: Timers;
  readonly random: Random;
  /** Sends an IGMP message, with a time to live of 1 and the router alert option. */
  readonly send: (destination: Uint8Array, sizeBytes: number, fill: FrameWriter) => void;
}

/** 224.0.0.1: all hosts are its members, and do not say so (RFC 3376, 5). */
const allHosts: Uint8Array = Uint8Array.of(224, 0, 0, 1);
const allHostsKey = toNumber(allHosts);

/** 224.0.0.22 and 224.0.0.2: who hears reports of version 3, and leaving in version 2. */
const reportees: Uint8Array = Uint8Array.of(224, 0, 0, 22);
const allRouters: Uint8Array = Uint8Array.of(224, 0, 0, 2);

/** The longest wait before a change is reported again (RFC 3376, 8.11). */
const repeatMs = 1000;

interface Membership {
  readonly group: Uint8Array;
  memberCount: number;
}

export class Groups {
  readonly #options: GroupsOptions;
  readonly #timer: Timer;
  readonly #memberships = new Map<number, Membership>();
  /** What is to be reported when the timer expires. */
  readonly #pending = new Map<Uint8Array, RecordType>();
  /** The version of the last query. */
  #version: 2 | 3 = 3;

  constructor(options: GroupsOptions) {
    this.#options = options;
    this.#timer = options.timers.timer(() => this.#reportPending());
  }

  has(key: number): boolean {
    return key === allHostsKey || this.#memberships.has(key);
  }

  /** Joins a group (4 bytes, copied); returns the function that leaves it. */
  join(group: Uint8Array): () => void {
    const key = toNumber(group);
    const membership = this.#memberships.get(key) ?? { group: group.slice(), memberCount: 0 };
    membership.memberCount += 1;
    if (membership.memberCount === 1) {
      this.#memberships.set(key, membership);
      this.#change(membership.group, recordType.join);
    }
    let isMember = true;
    return () => {
      if (!isMember) return;
      isMember = false;
      membership.memberCount -= 1;
      if (membership.memberCount > 0 || this.#memberships.get(key) !== membership) return;
      this.#memberships.delete(key);
      this.#change(membership.group, recordType.leave);
    };
  }

  /**
   * Answers a query, at a time of chance: all hosts on the link hear it. False if a message is
   * malformed, or a query from far; what other hosts report says nothing to us.
   */
  receive({ payload, timeToLive }: ReceivedPacket): boolean {
    const query = decodeQuery(payload);
    if (query === undefined) return isIntact(payload);
    if (timeToLive !== 1) return false;
    this.#version = query.version;
    const wanted = toNumber(query.group);
    for (const [key, { group }] of this.#memberships) {
      if (wanted !== 0 && wanted !== key) continue;
      if (!this.#pending.has(group)) this.#later(group, recordType.isMember, query.maxResponseMs);
    }
    return true;
  }

  /** Forgets everything, and reports nothing more. */
  clear(): void {
    this.#memberships.clear();
    this.#pending.clear();
    this.#timer.clear();
  }

  #change(group: Uint8Array, record: RecordType): void {
    if (toNumber(group) === allHostsKey) return;
    this.#report(group, record);
    this.#later(group, record, repeatMs);
  }

  #later(group: Uint8Array, record: RecordType, withinMs: number): void {
    this.#pending.set(group, record);
    this.#timer.set(Math.min(this.#timer.deadlineMs, soonMs(this.#options, withinMs)));
  }

  #reportPending(): void {
    const pending = [...this.#pending];
    this.#pending.clear();
    for (const [group, record] of pending) this.#report(group, record);
  }

  #report(group: Uint8Array, record: RecordType): void {
    const version = this.#version;
    const leaves = record === recordType.leave;
    const destination = version === 3 ? reportees : leaves ? allRouters : group;
    this.#options.send(destination, reportBytes[version], (into) =>
      encodeReport(version, record, group, into.fill(0)),
    );
  }
}
